import { printable } from '../../../engine/core/printable.ts';
import type { Command, FtpContext } from '../session.ts';

const WRONG = 'login incorrect';

/** USER: taken without encryption only where somebody may log in so. */
export const user: Command = async (context, argument) => {
  const { state, address, reply } = context;
  if (state.guest) return reply(503, 'you are logged in; QUIT and connect again to be another');
  if (!context.isEncrypted() && !context.deps.isFixedLink(address)) {
    context.log().warn({ reason: 'not encrypted, and not from a fixed link' }, 'ftp login refused');
    return reply(530, 'from your address only encrypted: AUTH TLS first');
  }
  state.login = argument.toString('latin1').slice(0, 256);
  reply(331, 'password, please');
};

/** PASS: the same answer, after the same work, for whatever is wrong. */
export const pass: Command = async (context, argument) => {
  const { state, deps, address, reply } = context;
  const { login } = state;
  if (state.guest || login === '') return reply(503, 'USER first');
  state.login = '';
  const attempt = { login, password: argument.toString('utf8'), address, encrypted: context.isEncrypted() };
  const outcome = await deps.authenticate(attempt);
  if (outcome.kind === 'refused') return refuse(context, login, outcome.reason);
  const { number, stillHolds } = outcome;
  if (!context.admit(number)) return refuse(context, login, 'too many connections of this sender');
  state.guest = { number, stillHolds, folders: deps.foldersOf({ number, channel: 'ftp' }) };
  context.log().info({ encrypted: context.isEncrypted() }, 'ftp login');
  reply(230, 'welcome');
};

function refuse(context: FtpContext, login: string, reason: string): void {
  const { state, deps } = context;
  state.failures += 1;
  context.log().warn({ login: printable(login), reason }, 'ftp login refused');
  const isLast = state.failures >= deps.limits.authAttempts;
  context.reply(isLast ? 421 : 530, isLast ? 'too many attempts to log in' : WRONG);
  if (isLast) context.end();
}

/** AUTH TLS (RFC 4217): what has come so far counts no more. */
export const auth: Command = async (context, argument) => {
  if (context.isEncrypted()) return context.reply(503, 'this connection is encrypted');
  if (!/^(TLS|TLS-C|TLS-P)$/i.test(argument.toString('latin1'))) return context.reply(504, 'TLS is what there is');
  await context.startTls();
};

/** PBSZ: must be sent, and says nothing. */
export const pbsz: Command = async (context) => {
  if (context.isEncrypted()) context.reply(200, 'PBSZ=0');
  else context.reply(503, 'AUTH TLS first');
};

/** PROT: P encrypts data; C only for who may go without encryption altogether. */
export const prot: Command = async (context, argument) => {
  const { state, deps, address, reply } = context;
  const level = argument.toString('latin1').toUpperCase();
  if (!context.isEncrypted()) return reply(503, 'AUTH TLS first');
  if (level !== 'P' && level !== 'C') return reply(536, 'P encrypts the data; there is no other protection');
  if (level === 'C' && !deps.isFixedLink(address)) return reply(534, 'from your address only encrypted: PROT P');
  state.privateData = level === 'P';
  reply(200, state.privateData ? 'data will be encrypted' : 'data will not be encrypted');
};
