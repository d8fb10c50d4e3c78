#ifndef BT_COPENSSL_H
#define BT_COPENSSL_H
#include <openssl/evp.h>
#endif
