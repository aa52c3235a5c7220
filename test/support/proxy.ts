import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A way to a server through this process, that can be cut, held up and closed. */
export interface TcpProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** How many go through it now. */
  readonly connections: number;
  /** Breaks every connection there is; new ones are taken at once. */
  cut(): void;
  /** Breaks every connection and every new one, until `mend`. */
  refuse(): void;
  /** Keeps every connection and forwards nothing, until `mend`; new ones are taken and hear nothing. */
  stall(): void;
  /** Forwards again, beginning with what was held up. */
  mend(): void;
  close(): Promise<void>;
}

type State = 'open' | 'refusing' | 'stalled';

/** Opens a proxy before a server on 127.0.0.1; the server need not be there yet. */
export async function openProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: State = 'open';

  const server = createServer({ noDelay: true }, (near) => {
    if (state === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    const far = dial({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    connectPair(pair);
    if (state === 'stalled') hold(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut(): void {
    for (const socket of [...pairs].flat()) {
      // a reset while it is ending fails, and leaves the socket open
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return pairs.size;
    },
    cut,
    refuse() {
      state = 'refusing';
      cut();
    },
    stall() {
      state = 'stalled';
      for (const pair of pairs) hold(pair);
    },
    mend() {
      const before = state;
      state = 'open';
      if (before === 'stalled') for (const pair of pairs) connectPair(pair);
    },
    async close() {
      state = 'refusing';
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

function connectPair([near, far]: readonly [Socket, Socket]): void {
  near.pipe(far);
  far.pipe(near);
}

function hold([near, far]: readonly [Socket, Socket]): void {
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}
