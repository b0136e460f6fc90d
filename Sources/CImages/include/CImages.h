#ifndef HONE_C_IMAGES_H
#define HONE_C_IMAGES_H

#include <stddef.h>
#include <stdint.h>

/// What the header of an image says.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Channels that decoding gives: 1 (grey) or 3 (red, green, blue).
  uint32_t channels;
} hone_image_header;

/// Why decoding failed, as a sentence; at most 199 bytes and a zero.
typedef struct {
  char text[200];
} hone_image_error;

/// Both read the header when `pixels` is NULL, and otherwise decode to `capacity` bytes, rows from the top, 8 bits a channel,
/// alpha dropped. They return 1, or 0 with `error` set.
int hone_png_decode(
    const uint8_t *bytes, size_t count, hone_image_header *header, uint8_t *pixels, size_t capacity, hone_image_error *error);
int hone_jpeg_decode(
    const uint8_t *bytes, size_t count, hone_image_header *header, uint8_t *pixels, size_t capacity, hone_image_error *error);

#endif
