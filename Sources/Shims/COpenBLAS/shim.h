#ifndef BT_COPENBLAS_H
#define BT_COPENBLAS_H
#include <cblas.h>
#endif
