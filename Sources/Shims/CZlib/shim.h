#ifndef BT_CZLIB_H
#define BT_CZLIB_H
#include <zlib.h>
#endif
