/// What `malloc` has given out and not got back in this process, all arenas, in bytes.
unsigned long allocated_bytes(void);
