import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { EngineError } from '../../engine/core/errors.ts';
import type { DataDoor } from './data-door.ts';
import type { FtpContext } from './session.ts';

/** Does something over the data connection that the client has asked for; the connection is closed after it. */
export type OverData = (data: Socket, signal: AbortSignal) => Promise<void>;

/** The port that the next transfer uses. Throws operation_unsupported, access_denied when data must be encrypted and would not be. */
export function doorOf({ state, comesByFixedLink }: FtpContext): DataDoor {
  if (!state.privateData && !comesByFixedLink()) {
    throw new EngineError('access_denied', 'from your address only encrypted: PROT P first');
  }
  if (!state.door) throw new EngineError('operation_unsupported', 'EPSV or PASV first');
  return state.door;
}

/**
 * Announces the transfer, takes the client's connection (with a TLS handshake when data is private) and has `work` done
 * over it. An abort, or a client that is silent for too long, destroys the connection: then `work` rejects.
 */
export async function transfer(context: FtpContext, what: string, work: OverData): Promise<void> {
  const door = doorOf(context);
  context.state.door = undefined;
  const signal = context.transferSignal();
  let plain: Socket | undefined;
  let data: Socket | undefined;
  const destroy = () => void plain?.destroy();
  try {
    context.reply(150, what);
    plain = await door.connection(signal);
    signal.addEventListener('abort', destroy, { once: true });
    plain.setTimeout(context.deps.limits.idleMs, destroy);
    data = context.state.privateData ? await encrypted(plain, context) : plain;
    await work(data, signal);
  } finally {
    signal.removeEventListener('abort', destroy);
    door.close();
    (data ?? plain)?.destroySoon(); // the outer one: it still has to say that nothing more comes
  }
}

async function encrypted(plain: Socket, { deps }: FtpContext): Promise<Socket> {
  const data = new TLSSocket(plain, { isServer: true, secureContext: deps.tls() });
  const broken = once(plain, 'close').then(() => Promise.reject(new Error('the data connection was closed')));
  broken.catch(() => undefined);
  await Promise.race([once(data, 'secure'), broken]);
  // the session tickets are still on their way: a stream that ends with them would end without saying so in TLS
  await nextTurn();
  await nextTurn();
  return data;
}
