/*
 * What the root block of the memory holds for the keyspace: where the table of databases is (see
 * contents.ts for its rows). From here a frozen reader finds everything.
 *
 *   0 the table   4 number of databases
 */

export const ROOT_TABLE = 0;
export const ROOT_DATABASES = 4;
