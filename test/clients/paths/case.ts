import type { PathInput, PathLab } from '../../support/path-lab.ts';

/** A path with the verdict it must get. */
export interface PathCase {
  /** The number and name of the test of NIST's PKITS that it mirrors; beyond: what it is about. */
  readonly test: string;
  /** `good`, or what the refusal says. */
  readonly expected: 'good' | RegExp;
  /** Why `openssl verify` comes to another verdict; absent: it must come to the same. */
  readonly opensslDiffers?: string;
  given(lab: PathLab): PathInput;
}
