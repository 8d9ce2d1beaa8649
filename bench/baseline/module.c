/* SPDX-License-Identifier: MIT */
/* The functions of baseline.h as a Node-API module. Those that fail throw the errno's words. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"

enum { MAX_ARGUMENTS = 3 };

struct arguments {
  napi_env env;
  napi_value values[MAX_ARGUMENTS];
};

static struct arguments arguments_of(napi_env env, napi_callback_info info) {
  struct arguments arguments = {.env = env};
  size_t count = MAX_ARGUMENTS;
  napi_get_cb_info(env, info, &count, arguments.values, NULL, NULL);
  return arguments;
}

static int64_t integer(const struct arguments* arguments, int index) {
  int64_t value = -1;
  napi_get_value_int64(arguments->env, arguments->values[index], &value);
  return value;
}

static void* array(const struct arguments* arguments, int index, uint32_t* length) {
  void* data = NULL;
  size_t elements = 0;
  napi_get_typedarray_info(arguments->env, arguments->values[index], NULL, &elements, &data, NULL,
                           NULL);
  *length = (uint32_t)elements;
  return data;
}

static napi_value failure(napi_env env, int64_t status) {
  napi_value message;
  napi_value error;
  napi_create_string_utf8(env, strerror((int)-status), NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, NULL, message, &error);
  return error;
}

static napi_value nanoseconds(napi_env env, int64_t result) {
  napi_value value = NULL;
  if (result >= 0)
    napi_create_double(env, (double)result, &value);
  else
    napi_throw(env, failure(env, result));
  return value;
}

/* ---- (map, keys) ---- */

typedef int64_t (*map_function)(int map, const uint32_t* keys, uint32_t count);

static napi_value with_keys(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  void* function = NULL;
  uint32_t count;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &function);
  const uint32_t* keys = array(&arguments, 1, &count);
  return nanoseconds(env, ((map_function)function)((int)integer(&arguments, 0), keys, count));
}

/* ---- (map or program, number) ---- */

typedef int64_t (*number_function)(int fd, uint32_t number);

static napi_value with_number(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  void* function = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &function);
  uint32_t number = (uint32_t)integer(&arguments, 1);
  return nanoseconds(env, ((number_function)function)((int)integer(&arguments, 0), number));
}

/* ---- The rest ---- */

static napi_value cpu_time(napi_env env, napi_callback_info info) {
  (void)info;
  return nanoseconds(env, thread_cpu_ns());
}

static napi_value open_ring(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  return nanoseconds(env, ring_open((int)integer(&arguments, 0)));
}

static napi_value close_ring(napi_env env, napi_callback_info info) {
  (void)info;
  return nanoseconds(env, ring_close());
}

static napi_value drain_ring(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  return nanoseconds(env, ring_drain((uint32_t)integer(&arguments, 0)));
}

/* ---- (path) ---- */

typedef int64_t (*path_function)(const char* path);

static napi_value with_path(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  void* function = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &function);
  char path[4096] = "";
  napi_get_value_string_utf8(env, arguments.values[0], path, sizeof(path), NULL);
  return nanoseconds(env, ((path_function)function)(path));
}

/* ---- Off the JavaScript thread ---- */

struct task {
  napi_async_work work;
  napi_deferred deferred;
  /* Keeps the array of latencies. */
  napi_ref reference;
  double* latencies;
  /* A map or a program. */
  int fd;
  uint32_t count;
  int64_t interval;
  int64_t result;
};

static void produce_task(napi_env env, void* data) {
  (void)env;
  struct task* task = data;
  task->result = program_produce(task->fd, task->count, task->interval);
}

static void latency_task(napi_env env, void* data) {
  (void)env;
  struct task* task = data;
  task->result = ring_latency(task->fd, task->latencies, task->count);
}

static void settle(napi_env env, napi_status status, void* data) {
  struct task* task = data;
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  if (status == napi_ok && task->result >= 0)
    napi_resolve_deferred(env, task->deferred, undefined);
  else
    napi_reject_deferred(env, task->deferred, failure(env, task->result));
  if (task->reference != NULL) napi_delete_reference(env, task->reference);
  napi_delete_async_work(env, task->work);
  free(task);
}

static napi_value start(napi_env env, struct task* task, napi_async_execute_callback execute) {
  napi_value promise;
  napi_value name;
  napi_create_promise(env, &task->deferred, &promise);
  napi_create_string_utf8(env, "baseline", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, execute, settle, task, &task->work);
  napi_queue_async_work(env, task->work);
  return promise;
}

static napi_value produce(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  struct task* task = calloc(1, sizeof(*task));
  task->fd = (int)integer(&arguments, 0);
  task->count = (uint32_t)integer(&arguments, 1);
  task->interval = integer(&arguments, 2);
  return start(env, task, produce_task);
}

static napi_value measure_latency(napi_env env, napi_callback_info info) {
  struct arguments arguments = arguments_of(env, info);
  struct task* task = calloc(1, sizeof(*task));
  task->fd = (int)integer(&arguments, 0);
  task->latencies = array(&arguments, 1, &task->count);
  napi_create_reference(env, arguments.values[1], 1, &task->reference);
  return start(env, task, latency_task);
}

static void define(napi_env env, napi_value exports, const char* name, napi_callback callback,
                   void* data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
  define(env, exports, "mapLookup", with_keys, (void*)map_lookup);
  define(env, exports, "mapMiss", with_keys, (void*)map_miss);
  define(env, exports, "mapUpdate", with_keys, (void*)map_update);
  define(env, exports, "mapDelete", with_keys, (void*)map_delete);
  define(env, exports, "mapFill", with_keys, (void*)map_fill);
  define(env, exports, "mapDump", with_number, (void*)map_dump);
  define(env, exports, "mapCounter", with_number, (void*)map_counter);
  define(env, exports, "programFill", with_number, (void*)program_fill);
  define(env, exports, "programProduce", produce, NULL);
  define(env, exports, "threadCpuTime", cpu_time, NULL);
  define(env, exports, "ringOpen", open_ring, NULL);
  define(env, exports, "ringClose", close_ring, NULL);
  define(env, exports, "ringDrain", drain_ring, NULL);
  define(env, exports, "ringLatency", measure_latency, NULL);
  define(env, exports, "objectLoad", with_path, (void*)object_load);
  define(env, exports, "typesFind", with_path, (void*)types_find);
  define(env, exports, "typesWalk", with_path, (void*)types_walk);
  return exports;
}
