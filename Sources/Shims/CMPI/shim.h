// Open MPI's constants are casts inside macros, which Swift cannot import: one getter for each.
#ifndef BT_CMPI_H
#define BT_CMPI_H
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

static inline MPI_Comm bt_mpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm bt_mpi_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Datatype bt_mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype bt_mpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype bt_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype bt_mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Op bt_mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op bt_mpi_max(void) { return MPI_MAX; }
static inline MPI_Op bt_mpi_min(void) { return MPI_MIN; }
static inline MPI_Errhandler bt_mpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline void *bt_mpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Status *bt_mpi_status_ignore(void) { return MPI_STATUS_IGNORE; }
static inline MPI_Status *bt_mpi_statuses_ignore(void) { return MPI_STATUSES_IGNORE; }
static inline MPI_Request bt_mpi_request_null(void) { return MPI_REQUEST_NULL; }
static inline int bt_mpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int bt_mpi_thread_serialized(void) { return MPI_THREAD_SERIALIZED; }
static inline int bt_mpi_success(void) { return MPI_SUCCESS; }
// Whether a failed call may be due to another process or the network; else its arguments were wrong.
static inline int bt_mpi_is_loss(int status) {
  int class = MPI_ERR_UNKNOWN;
  MPI_Error_class(status, &class);
  return class == MPI_ERR_OTHER || class == MPI_ERR_INTERN || class == MPI_ERR_UNKNOWN || class == MPI_ERR_PENDING ||
         class == MPI_ERR_IN_STATUS || class == MPI_ERR_NO_MEM;
}
static inline int bt_mpi_max_library_version(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }
static inline int bt_mpi_max_error_string(void) { return MPI_MAX_ERROR_STRING; }
#endif
