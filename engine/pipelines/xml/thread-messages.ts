import type { WindowResult } from './check-window.ts';
import type { Parcel, ScanJob, ScanResult } from './scan-job.ts';

/** To the thread that scans. */
export type ToScanner =
  | { readonly kind: 'start'; readonly job: number; readonly scan: ScanJob }
  /** One window has been checked; its buffer may be used again. */
  | { readonly kind: 'checked'; readonly job: number; readonly buffer: ArrayBuffer }
  | { readonly kind: 'syntax-only'; readonly job: number }
  | { readonly kind: 'stop'; readonly job: number };

/** From the thread that scans. */
export type FromScanner =
  | { readonly kind: 'window'; readonly job: number; readonly parcel: Parcel }
  | { readonly kind: 'done'; readonly job: number; readonly result: ScanResult }
  | { readonly kind: 'failed'; readonly job: number; readonly reason: string; readonly code: string | undefined };

/** To a thread that validates: one window at a time, answered by one message. */
export interface ToValidator {
  readonly parcel: Parcel;
}

/** From a thread that validates; `schemaFault` says why the schema cannot be used. */
export interface FromValidator {
  readonly result: WindowResult;
  readonly schemaFault: string | undefined;
  /** Bytes that the thread's parser has taken and never gives back. */
  readonly memory: number;
  readonly buffer: ArrayBuffer;
}

/** What a scanning thread is started with. */
export interface ScannerSettings {
  /** Windows of one file that may be under way at once. */
  readonly windowsAhead: number;
}
