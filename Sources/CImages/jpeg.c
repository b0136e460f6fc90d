#include "CImages.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/// More scans than any encoder writes; hostile files use them to burn time.
enum { scan_limit = 200 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf landing;
  hone_image_error *error;
} failure;

static void fail(j_common_ptr decoder) {
  failure *to = (failure *)decoder->err;
  char message[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, message);
  snprintf(to->error->text, sizeof to->error->text, "%s", message);
  longjmp(to->landing, 1);
}

/// Warnings of corrupt data (level −1) are errors here: a damaged picture is not a sample.
static void emit(j_common_ptr decoder, int level) {
  if (level == -1 && decoder->err->msg_code != JWRN_EXTRANEOUS_DATA) fail(decoder);
}

static void watch(j_common_ptr decoder) {
  if (((j_decompress_ptr)decoder)->input_scan_number <= scan_limit) return;
  failure *to = (failure *)decoder->err;
  snprintf(to->error->text, sizeof to->error->text, "it has more than %d scans", scan_limit);
  longjmp(to->landing, 1);
}

/// Inverted CMYK, as Adobe writes it, to RGB in place; `row` holds `width` groups of four.
static void to_rgb(const uint8_t *row, uint32_t width, int inverted, uint8_t *out) {
  for (uint32_t x = 0; x < width; x++) {
    int k = inverted ? row[4 * x + 3] : 255 - row[4 * x + 3];
    for (int c = 0; c < 3; c++) {
      int ink = inverted ? row[4 * x + c] : 255 - row[4 * x + c];
      out[3 * x + c] = (uint8_t)((ink * k + 127) / 255);
    }
  }
}

static void read_pixels(j_decompress_ptr decoder, const hone_image_header *header, uint8_t *pixels) {
  size_t stride = (size_t)header->width * header->channels;
  int is_cmyk = decoder->out_color_space == JCS_CMYK;
  JSAMPARRAY ink = NULL;
  if (is_cmyk) ink = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, header->width * 4, 1);
  while (decoder->output_scanline < decoder->output_height) {
    uint8_t *line = pixels + decoder->output_scanline * stride;
    JSAMPROW row = is_cmyk ? ink[0] : line;
    jpeg_read_scanlines(decoder, &row, 1);
    if (is_cmyk) to_rgb(row, header->width, decoder->saw_Adobe_marker, line);
  }
}

int hone_jpeg_decode(
    const uint8_t *bytes, size_t count, hone_image_header *header, uint8_t *pixels, size_t capacity, hone_image_error *error) {
  struct jpeg_decompress_struct decoder = {0};
  struct jpeg_progress_mgr progress = {.progress_monitor = watch};
  failure to = {.error = error};
  error->text[0] = 0;
  decoder.err = jpeg_std_error(&to.base);
  to.base.error_exit = fail;
  to.base.emit_message = emit;
  if (setjmp(to.landing)) {
    jpeg_destroy_decompress(&decoder);
    return 0;
  }
  jpeg_create_decompress(&decoder);
  decoder.progress = &progress;
  jpeg_mem_src(&decoder, bytes, count);
  jpeg_read_header(&decoder, TRUE);
  int is_grey = decoder.jpeg_color_space == JCS_GRAYSCALE;
  int is_cmyk = decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
  decoder.out_color_space = is_grey ? JCS_GRAYSCALE : is_cmyk ? JCS_CMYK : JCS_RGB;
  header->width = decoder.image_width;
  header->height = decoder.image_height;
  header->channels = is_grey ? 1 : 3;
  if (pixels) {
    size_t wanted = (size_t)header->width * header->height * header->channels;
    jpeg_start_decompress(&decoder);
    if (wanted == capacity && decoder.output_width == header->width) read_pixels(&decoder, header, pixels);
    jpeg_finish_decompress(&decoder);
  }
  jpeg_destroy_decompress(&decoder);
  return 1;
}
