/** The archive's tables. Times are milliseconds since 1970, sizes are bytes. */

export interface RunTable {
  uid: string;
  namespace: string;
  /** The UID of the namespace that the run was in; null if it was archived before UIDs were stored. */
  namespace_uid: string | null;
  task: string;
  name: string;
  phase: string;
  trigger_type: string;
  created_at: number;
  /** A {@link RunRecord} as JSON. */
  summary: string;
  /** The {@link RunBody} as gzipped JSON. */
  body: Uint8Array;
  /** Bytes of the body and the logs, for the retention by size. */
  bytes: number;
}

export interface LogTable {
  run_uid: string;
  pod: string;
  container: string;
  restart: number;
  /** Bytes that are stored, before compression. */
  bytes: number;
  /** Bytes left out at the beginning, as far as known. */
  cut_bytes: number;
  /** As the kubelet hands it out with timestamps, gzipped. */
  body: Uint8Array;
}

export interface Tables {
  runs: RunTable;
  logs: LogTable;
}
