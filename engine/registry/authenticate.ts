import { createHash, timingSafeEqual } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { sshKeysOf } from './credentials.ts';
import { findSenderByLogin, type Sender } from './senders.ts';

/** Says whose login it is, when this very key is registered for it. The caller has the key's signature still to verify. */
export type Authenticate = (login: string, keyBlob: Buffer) => Promise<Sender | undefined>;

const NOBODY = '000000';

/**
 * Recognises a sender by login and SSH key. A login that does not exist costs the same look-ups as one that does,
 * and keys are compared in constant time, so that nobody learns which logins there are.
 */
export function createAuthenticate(db: Db, channel: string): Authenticate {
  return async (login, keyBlob) => {
    const sender = await findSenderByLogin(db, login);
    const lines = await sshKeysOf(db, sender?.number ?? NOBODY);
    const offered = digestOf(keyBlob);
    const known = lines.filter((line) => timingSafeEqual(digestOf(blobOf(line)), offered)).length > 0;
    return known && sender?.channels.includes(channel) ? sender : undefined;
  };
}

const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** The key blob of one line in the format of authorized_keys: type, base64, comment. */
const blobOf = (line: string): Buffer => Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
