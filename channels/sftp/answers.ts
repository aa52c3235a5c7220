import { EngineError } from '../../engine/core/errors.ts';
import { failureReply } from './failures.ts';
import { fieldsOf, writeFieldsOf } from './fields.ts';
import { write } from './operations/open-files.ts';
import type { SessionContext } from './operations/operation.ts';
import { OPERATIONS } from './operations/table.ts';
import { PACKET } from './protocol.ts';
import { type Reply, versionReply } from './replies.ts';
import type { Packet } from './splitter.ts';

/** Answers the packets of one session in turn. Throws message_malformed for what is not SFTP: the session is over then. */
export type Answer = (packet: Packet) => Promise<Reply>;

/** Starts at the beginning of a session: the first packet must be INIT. */
export function createAnswer(context: SessionContext): Answer {
  let greeted = false;

  function greet(type: number | undefined): Reply {
    if (type !== PACKET.INIT) throw new EngineError('message_malformed', 'the session does not begin with INIT');
    greeted = true;
    return versionReply();
  }

  function refuse(id: number, error: unknown): Reply {
    if (error instanceof EngineError && error.code === 'message_malformed') throw error;
    return failureReply(id, error, context.log);
  }

  return async (packet) => {
    const type = packet.pieces[0]?.[0];
    if (!greeted) return greet(type);
    if (type === PACKET.WRITE) {
      const fields = writeFieldsOf(packet);
      return write(context, fields).catch((error: unknown) => refuse(fields.id, error));
    }
    const operation = OPERATIONS[type ?? 0];
    if (!operation) throw new EngineError('message_malformed', `an SFTP packet of type ${type}`);
    const fields = fieldsOf(packet);
    fields.byte();
    const id = fields.uint32();
    return operation(context, id, fields).catch((error: unknown) => refuse(id, error));
  };
}
