#include "CImages.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
} source;

static void fail(png_structp png, png_const_charp message) {
  hone_image_error *error = png_get_error_ptr(png);
  snprintf(error->text, sizeof error->text, "%s", message);
  longjmp(png_jmpbuf(png), 1);
}

static void ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void take(png_structp png, png_bytep out, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->count - from->position) png_error(png, "the file ends early");
  memcpy(out, from->bytes + from->position, count);
  from->position += count;
}

static void read_header(png_structp png, png_infop info, hone_image_header *header) {
  png_read_info(png, info);
  int color = png_get_color_type(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->channels = (color & PNG_COLOR_MASK_COLOR) ? 3 : 1;
}

static void read_pixels(png_structp png, png_infop info, const hone_image_header *header, uint8_t *pixels) {
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row = (size_t)header->width * header->channels;
  if (png_get_rowbytes(png, info) != row) png_error(png, "the rows have an unexpected length");
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < header->height; y++) png_read_row(png, pixels + y * row, NULL);
  png_read_end(png, NULL);
}

int hone_png_decode(
    const uint8_t *bytes, size_t count, hone_image_header *header, uint8_t *pixels, size_t capacity, hone_image_error *error) {
  source from = {bytes, count, 0};
  error->text[0] = 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    snprintf(error->text, sizeof error->text, "out of memory");
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, &from, take);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_chunk_malloc_max(png, 8000000);
  read_header(png, info, header);
  if (pixels) {
    if ((size_t)header->width * header->height * header->channels != capacity) png_error(png, "the header changed");
    read_pixels(png, info, header, pixels);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}
