// SPDX-License-Identifier: Apache-2.0
// glibc's settings of malloc, whose names are macros that Swift can't import.
#ifndef CMALLOC_H
#define CMALLOC_H

#include <malloc.h>

// Takes blocks of up to `mapped` bytes from the heap rather than from mappings of their own, and keeps up to `kept` free
// bytes at the heap's end rather than giving them back at once.
static inline void CMalloc_keep(int mapped, int kept) {
  mallopt(M_MMAP_THRESHOLD, mapped);
  mallopt(M_TRIM_THRESHOLD, kept);
}

#endif
