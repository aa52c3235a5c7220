import type { Socket } from 'node:net';
import { plainAddress } from './cidr.ts';
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts';

/** Where a connection comes from, as far as anybody can know. */
export interface Origin {
  /** The client's: what its proxy says, else the peer's. */
  readonly address: string;
  /** The address that the client came to. */
  readonly cameTo: string;
  /** Whether a proxy that is trusted has said so. */
  readonly proxied: boolean;
}

/** Why it is not known where a connection from a proxy comes from. */
export type OriginFault = 'no PROXY header in time' | 'PROXY header not valid';

const HEADER_WITHIN_MS = 5_000;

/**
 * Finds out where a connection comes from. A trusted proxy has to say it first (PROXY protocol, version 2) within five
 * seconds; from anybody else nothing is read, so that a header of theirs is what any garbage is. The socket is ready to
 * be read from what follows the header.
 */
export async function originOf(
  socket: Socket,
  isProxy: (address: string) => boolean,
  withinMs = HEADER_WITHIN_MS,
): Promise<Origin | OriginFault> {
  const address = plainAddress(socket.remoteAddress ?? '');
  const cameTo = plainAddress(socket.localAddress ?? '');
  if (!isProxy(address)) return { address, cameTo, proxied: false };
  const header = await headerOf(socket, withinMs);
  if (typeof header === 'string') return header;
  if (header.kind === 'local') return { address, cameTo, proxied: false };
  return { address: header.source.address, cameTo: header.destination.address, proxied: true };
}

/** Reads to the end of the header and no further; what came after it is put back. */
function headerOf(socket: Socket, withinMs: number): Promise<ProxyHeader | OriginFault> {
  let taken = Buffer.alloc(0);
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle('no PROXY header in time'), withinMs);
    const gone = () => settle('PROXY header not valid');

    function settle(outcome: ProxyHeader | OriginFault): void {
      clearTimeout(timer);
      socket.off('readable', read).off('end', gone).off('close', gone);
      if (typeof outcome === 'object' && taken.length > outcome.length) socket.unshift(taken.subarray(outcome.length));
      resolve(outcome);
    }

    function read(): void {
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return;
      taken = Buffer.concat([taken, bytes]);
      const reading = readProxyHeader(taken); // never `more` beyond the most that a header may take
      if (reading.kind === 'more') return;
      settle(reading.kind === 'invalid' ? 'PROXY header not valid' : reading);
    }

    socket.on('readable', read).on('end', gone).on('close', gone);
  });
}
