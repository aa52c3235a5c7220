import type { Goal } from '../../engine/registry/goals.ts';
import type { Sender } from '../../engine/registry/senders.ts';

/** An active sender 123456 that may send DMFA over SFTP; a test names only what it is about. */
export function aSender(with_: Partial<Sender> = {}): Sender {
  return {
    number: '123456',
    login: 'voorbeeld',
    enterpriseNumber: '0206731645',
    quality: 'employer',
    state: 'active',
    channels: ['sftp'],
    goals: ['DMFA'],
    networks: [],
    ...with_,
  };
}

/** The goal DMFA with a signature needed in R and T. */
export function aGoal(with_: Partial<Goal> = {}): Goal {
  return {
    code: 'DMFA',
    roots: ['DmfAOriginal'],
    schemas: ['DmfAOriginal_{quarter}.xsd'],
    identifications: ['DMFA'],
    sequence: 'alphanumeric',
    legacyNames: false,
    maxParts: 9,
    maxFileBytes: 1024 ** 3,
    maxSetBytes: 2 * 1024 ** 3,
    maxForms: 1000,
    compressed: false,
    channels: ['sftp'],
    signature: { R: 'required', T: 'required', S: 'optional' },
    maxAgeDays: 400,
    checks: [],
    recipients: ['employer'],
    ...with_,
  };
}
