// SPDX-License-Identifier: Apache-2.0
#ifndef CDEFLATE_H
#define CDEFLATE_H

#include <libdeflate.h>

#endif
