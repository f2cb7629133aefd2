// SPDX-License-Identifier: Apache-2.0
// The shims are inline functions of the header; a target needs one file to compile.
#include "CTransport.h"
