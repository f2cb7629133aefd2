// SPDX-License-Identifier: Apache-2.0

#include "CPCRE2.h"
