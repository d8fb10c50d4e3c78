// oneDNN 2.6's C interface. Its sentinels are casts inside macros, which Swift cannot import.
#ifndef BT_CONEDNN_H
#define BT_CONEDNN_H
#include <dnnl.h>

static inline void *bt_dnnl_memory_none(void) { return DNNL_MEMORY_NONE; }
#endif
