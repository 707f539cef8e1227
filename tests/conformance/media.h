// The image and the sound that the fixture shows, made here so that no opaque bytes are kept.
#pragma once

#include <string>

namespace martgate::conformance {

// A red square of one pixel.
[[nodiscard]] std::string png_pixel();
// A tenth of a second of 440 Hz, mono, 8 bits, 8,000 samples a second.
[[nodiscard]] std::string wav_beep();

}  // namespace martgate::conformance
