// Keeps the addon loadable by C libraries that are older than the one it is built with.

// By this function, new in glibc 2.35, the unwinder finds the frames that an exception passes
// through; libgcc's is linked statically, and asks for it. There are none to find: nothing here is
// built with exceptions, and one that the C++ library throws, for want of memory, ends the process
// with or without them. What remains needs glibc 2.34, where pthread_create has moved.
extern "C" __attribute__((visibility("hidden"))) int _dl_find_object(void*, void*) { return -1; }
