/* Two functions of one name, as old and new programs know it. */
int version_one(void) { return 1; }
int version_two(void) { return 2; }

__asm__(".symver version_one, versioned@V1");
__asm__(".symver version_two, versioned@@V2");
