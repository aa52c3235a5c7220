import type { Config } from '../config/load.ts';
import type { Logger } from '../engine/core/logger.ts';
import { runProgram } from '../engine/jobs/alert-program.ts';
import type { TellNotice } from '../engine/registry/notices.ts';

const WITHIN_MS = 10_000;

/** Until there is a mail channel: notices go to the log, and to the operator's program of alerts as JSON on its standard input. */
export function noticesToOperator({ alerts }: Config, log: Logger): TellNotice {
  return async (notice) => {
    const { kind, subject, organisation, facts } = notice;
    if (alerts.command.length > 0) await runProgram(alerts.command, noticeJson(notice), WITHIN_MS);
    log.warn({ notice: kind, organisation, ...facts }, subject);
  };
}

/** What the program reads: one line of JSON, with `transition` `notice` to tell it from an alert. */
function noticeJson({ id, kind, subject, organisation, address, at, facts }: Parameters<TellNotice>[0]): string {
  const text = { id, transition: 'notice', name: kind, subject: organisation, detail: subject, raisedAt: at };
  return `${JSON.stringify({ ...text, ...(address !== undefined && { to: address }), facts })}\n`;
}
