/*
 * What the keyspace tells others about its keys. The keyspace knows neither clients nor replicas:
 * transactions, notifications and propagation listen here. Key ranges are valid during the call
 * only.
 */

export interface KeyspaceEvents {
  /**
   * A key was deleted because its time had come, found by an access or by the background. The key
   * is gone already. It must travel as a DEL (or UNLINK), and counts as one change.
   */
  onExpired(database: number, key: Uint8Array, start: number, end: number): void;
  /** While false, onModified is not called: switched on while somebody watches. */
  wantsModified: boolean;
  /** A key was created, changed, given a new expiry or deleted (by expiry too); called after it. */
  onModified(database: number, key: Uint8Array, start: number, end: number): void;
  /** Database `database` is about to be emptied (`replacedBy` null), or to get the contents that
   * `replacedBy` has now. Called before the change, whatever `wantsModified` says. */
  onReplaced(database: number, replacedBy: number | null): void;
}
