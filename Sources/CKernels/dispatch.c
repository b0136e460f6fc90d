// Builds, for every instruction set this machine has, a complete table: each kernel from the highest tier that has it.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include "CKernels.h"

enum {
#define X(name, args) index_##name,
  KERNELS(X)
#undef X
      kernels
};

static const char *const names[] = {
#define X(name, args) #name,
    KERNELS(X)
#undef X
};

// The partial tables of an instruction set, by area.
#define TABLES(isa) \
  extern const KernelTable table_product_##isa, table_convolution_##isa, table_row_##isa, table_elementwise_##isa, \
      table_bytes_##isa, table_gradient_##isa;
TABLES(portable)
#ifdef __x86_64__
TABLES(avx2)
TABLES(avx512)
extern const KernelTable table_avx512vnni, table_avx512vbmi, table_avx512bf16, table_avx512amx, table_avx512amxbf16;
#endif
#ifdef __aarch64__
TABLES(neon)
extern const KernelTable table_neondot, table_neoni8mm, table_neonbf16;
#endif
#undef TABLES

enum { capacity = 12 };

static struct {
  KernelTable tables[capacity];
  const char *origins[capacity][kernels];
  size_t count;
  const KernelTable *best;
} state;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void lay(size_t i, const KernelTable *part) {
  KernelTable *t = &state.tables[i];
#define X(name, args)                              \
  if (part->name != NULL) {                        \
    t->name = part->name;                          \
    state.origins[i][index_##name] = part->isa;    \
  }
  KERNELS(X)
#undef X
}

// Begins a table as a copy of the last one with `part` over it.
static void add(const KernelTable *part) {
  size_t i = state.count++;
  KernelTable *t = &state.tables[i];
  if (i > 0) {
    *t = state.tables[i - 1];
    memcpy(state.origins[i], state.origins[i - 1], sizeof state.origins[i]);
  }
  t->isa = part->isa;
  if (part->lanes) {
    t->lanes = part->lanes;
    t->panel_columns = part->panel_columns;
    t->tile_rows = part->tile_rows;
  }
  if (part->bf16_depth) t->bf16_depth = part->bf16_depth;
  if (part->integer_rows) t->integer_rows = part->integer_rows;
  lay(i, part);
}

#define ADD(isa)                                          \
  do {                                                    \
    add(&table_product_##isa);                            \
    lay(state.count - 1, &table_convolution_##isa);       \
    lay(state.count - 1, &table_row_##isa);               \
    lay(state.count - 1, &table_elementwise_##isa);       \
    lay(state.count - 1, &table_bytes_##isa);             \
    lay(state.count - 1, &table_gradient_##isa);          \
  } while (0)

#ifdef __x86_64__
// Whether there are matrix tiles with these features of CPUID leaf 7, and the system keeps them for this process.
static int has_tiles(unsigned features) {
#ifdef __linux__
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & features) != features) return 0;
  enum { request_permission = 0x1023, tile_data = 18 };
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return 0;
#endif
}
#endif

#ifdef __aarch64__
typedef enum { arm_dot_products, arm_integer_matrices, arm_bfloat16 } ArmFeature;

static int has_arm_feature(ArmFeature feature) {
#if defined(__linux__)
  switch (feature) {
    case arm_dot_products: return (getauxval(AT_HWCAP) & 1ul << 20) != 0;
    case arm_integer_matrices: return (getauxval(AT_HWCAP2) & 1ul << 13) != 0;
    case arm_bfloat16: return (getauxval(AT_HWCAP2) & 1ul << 14) != 0;
  }
  return 0;
#elif defined(__APPLE__)
  static const char *const keys[] = {"hw.optional.arm.FEAT_DotProd", "hw.optional.arm.FEAT_I8MM",
                                     "hw.optional.arm.FEAT_BF16"};
  int32_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(keys[feature], &value, &size, NULL, 0) == 0 && value != 0;
#else
  return 0;
#endif
}
#endif

static void resolve(void) {
  ADD(portable);
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    ADD(avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")) {
      ADD(avx512);
      if (__builtin_cpu_supports("avx512vnni")) {
        add(&table_avx512vnni);
        int has_vbmi = __builtin_cpu_supports("avx512vbmi"), has_bf16 = __builtin_cpu_supports("avx512bf16");
        enum { bfloat16_tiles = 1 << 22, tiles = 1 << 24, byte_tiles = 1 << 25 };
        if (has_vbmi) add(&table_avx512vbmi);
        if (has_bf16) add(&table_avx512bf16);
        if (has_vbmi && has_tiles(tiles | byte_tiles)) add(&table_avx512amx);
        if (has_bf16 && has_tiles(tiles | bfloat16_tiles)) add(&table_avx512amxbf16);
      }
    }
  }
#endif
#ifdef __aarch64__
  ADD(neon);
  if (has_arm_feature(arm_dot_products)) {
    add(&table_neondot);
    if (has_arm_feature(arm_integer_matrices)) add(&table_neoni8mm);
  }
  if (has_arm_feature(arm_bfloat16)) add(&table_neonbf16);
#endif
  state.best = &state.tables[state.count - 1];
  const char *wanted = getenv("HONE_ISA");
  for (size_t i = 0; wanted && i < state.count; i++)
    if (strcmp(state.tables[i].isa, wanted) == 0) state.best = &state.tables[i];
}

const KernelTable *kernel_table(void) {
  pthread_once(&once, resolve);
  return state.best;
}

size_t kernel_tables(const KernelTable *_Nullable *_Nonnull out, size_t room) {
  pthread_once(&once, resolve);
  for (size_t i = 0; i < state.count && i < room; i++) out[i] = &state.tables[state.count - 1 - i];
  return state.count;
}

size_t kernel_count(void) { return kernels; }

const char *kernel_name(size_t index) { return names[index]; }

const char *kernel_origin(const KernelTable *table, size_t index) {
  return state.origins[table - state.tables][index];
}
