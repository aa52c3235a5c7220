import type { Broker } from '../engine/broker/broker.ts';
import { createSuspects } from '../engine/broker/suspects.ts';
import { createWorker, type WorkerDeps } from '../engine/broker/worker.ts';
import type { Service } from '../engine/core/service.ts';
import { answersPipeline } from '../engine/outbound/dispatch.ts';
import { documentsPipeline } from '../engine/outbound/dispatch-document.ts';
import { createReplyNumbers } from '../engine/outbound/reply-numbers.ts';
import { formsPipeline } from '../engine/pipelines/forms.ts';
import { recordsPipeline } from '../engine/pipelines/records/pipeline.ts';
import { createPdfReader } from '../engine/pipelines/rows/pdf-reader.ts';
import { submissionsPipeline } from '../engine/pipelines/submissions.ts';
import { createInspector } from '../engine/pipelines/xml/inspector.ts';
import { createAntivirus } from './antivirus.ts';
import type { Base, Materials } from './base.ts';
import { isReached, placeDocument, placeFor } from './deliveries.ts';
import { mailboxRules } from './mailboxes.ts';

/**
 * The pipelines, each with a worker of its own; stopped, they finish what is in hand until `patienceOver` aborts. The
 * inspector, with its threads, is theirs: it is to stop after them.
 */
export function createWorkers(
  base: Base,
  { identity }: Materials,
  broker: Broker,
  patienceOver: AbortSignal,
): { readonly inspector: Service; readonly workers: readonly Service[] } {
  const { config, log } = base;
  const { prefetch, retry } = config.broker;
  const { maxAttempts, firstDelay: firstDelayMs, maxDelay: maxDelayMs } = retry;
  const policy = { maxAttempts, firstDelayMs, maxDelayMs };
  const suspects = createSuspects({ ...base, signal: patienceOver });
  const deps: Omit<WorkerDeps, 'prefetch'> = { ...base, broker, policy, suspects, signal: patienceOver };
  const { workers, windowBytes, ...limits } = config.inspection;
  const inspector = createInspector({ schemaDirs: config.schemas.dirs, workers, windowBytes, limits, log });
  const { inspect } = inspector;
  const pdfs = createPdfReader(log);
  const numbers = createReplyNumbers(base.db);
  const { goals, mandates, sources } = config;
  const mailboxes = mailboxRules(config);
  const scan = createAntivirus(base);
  const rules = { goals, sources, mandated: mandates.neededBy };
  const submissions = submissionsPipeline({ ...base, ...rules, inspect, readPdf: pdfs.read, scan });
  const stopThreads = async () => void (await Promise.all([inspector.stop(), pdfs.stop()]));
  return {
    inspector: { name: 'inspector', start: async () => undefined, stop: stopThreads },
    workers: [
      createWorker({ ...deps, prefetch: prefetch.answers }, answersPipeline({ ...base, identity, numbers })),
      createWorker({ ...deps, prefetch: prefetch.documents }, documentsPipeline({ ...base, identity, numbers })),
      createWorker({ ...deps, prefetch: prefetch.forms }, formsPipeline({ ...base, mailboxes })),
      createWorker(
        { ...deps, prefetch: prefetch.records },
        recordsPipeline({ ...base, sources, mailboxes, isReached, placeDocument, placeFor }),
      ),
      createWorker({ ...deps, prefetch: prefetch.submissions }, submissions),
    ],
  };
}
