#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

// Room for operands, each with a page that traps on either side of it.
enum { places = 32, room = 1 << 20, margin = 256, mark = 0xa5 };

static struct {
  uint8_t *body[places], *begin[places];
  size_t size[places], taken;
  enum Side side;
} memory;

static uint64_t state;
// Nothing was written beside operands.
static int whole;

static void reserve(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t i = 0; i < places; i++) {
    uint8_t *p = mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) || mprotect(p + page + room, page, PROT_NONE)) {
      perror("mmap");
      exit(2);
    }
    memory.body[i] = p + page;
  }
}

void operands_begin(uint64_t seed, enum Side side) {
  if (!memory.body[0]) reserve();
  state = seed * 0x9e3779b97f4a7c15u + 1;
  memory.side = side;
  whole = 1;
}

// The bytes between an operand and the end of its room that does not trap.
static uint8_t *free_side(size_t i, size_t *size) {
  size_t left = room - memory.size[i];
  *size = left < margin ? left : margin;
  return memory.side == side_after ? memory.begin[i] - *size : memory.begin[i] + memory.size[i];
}

static void release(void) {
  for (size_t i = 0; i < memory.taken; i++) {
    size_t size;
    UNPOISON(memory.body[i], room);
    const uint8_t *p = free_side(i, &size);
    for (size_t j = 0; j < size; j++) whole &= p[j] == mark;
  }
  memory.taken = 0;
}
void operands_reset(void) { release(); }
int operands_end(void) {
  release();
  return whole;
}

void *operand(size_t size) {
  size_t i = memory.taken++, left;
  if (i >= places || size > room) {
    fprintf(stderr, "an operand of %zu bytes, number %zu, has no room\n", size, i);
    exit(2);
  }
  memory.size[i] = size;
  memory.begin[i] = memory.side == side_after ? memory.body[i] + room - size : memory.body[i];
  uint8_t *p = free_side(i, &left);
  UNPOISON(memory.body[i], room);
  memset(p, mark, left);
  memset(memory.begin[i], 0, size);
  if (memory.side == side_after) POISON(memory.body[i], room - size);
  else POISON(memory.begin[i] + size, room - size);
  return memory.begin[i];
}

static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

int64_t any(int64_t low, int64_t high) { return low + (int64_t)(next() % (uint64_t)(high - low + 1)); }
size_t any_size(size_t low, size_t high) { return (size_t)any((int64_t)low, (int64_t)high); }
int coin(void) { return (int)(next() >> 63); }
float any_float(float scale) { return ((float)(next() >> 40) / 8388608.0f - 1.0f) * scale; }

float *floats(size_t count, float scale) {
  float *p = NEW(float, count);
  for (size_t i = 0; i < count; i++) p[i] = any_float(scale);
  return p;
}
uint16_t narrow(float x) {
  uint32_t bits = __builtin_bit_cast(uint32_t, x);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
uint16_t *halves(size_t count, float scale) {
  uint16_t *p = NEW(uint16_t, count);
  for (size_t i = 0; i < count; i++) p[i] = narrow(any_float(scale));
  return p;
}
uint8_t *bytes(size_t count) {
  uint8_t *p = NEW(uint8_t, count);
  for (size_t i = 0; i < count; i++) p[i] = (uint8_t)next();
  return p;
}
int32_t *integers(size_t count, int32_t low, int32_t high) {
  int32_t *p = NEW(int32_t, count);
  for (size_t i = 0; i < count; i++) p[i] = (int32_t)any(low, high);
  return p;
}
