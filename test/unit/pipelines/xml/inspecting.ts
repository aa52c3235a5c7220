import { silentLogger } from '../../../../engine/core/logger.ts';
import type { InspectGoal, Inspection } from '../../../../engine/pipelines/xml/inspection.ts';
import { createInspector, type Inspector } from '../../../../engine/pipelines/xml/inspector.ts';

export interface Inspecting {
  readonly inspect: (document: string | Uint8Array, goal?: Partial<InspectGoal>) => Promise<Inspection>;
  /** The codes of the findings, in order. */
  readonly codes: (document: string | Uint8Array, goal?: Partial<InspectGoal>) => Promise<string[]>;
  readonly inspector: Inspector;
}

export interface InspectingPlan {
  readonly schemaDirs?: readonly string[];
  readonly windowBytes?: number;
  readonly findings?: number;
  readonly anomaliesPerForm?: number;
}

const CHECKS = [
  'inss-duplicate',
  'net-owed-amount',
  'inss-check-digits',
  'enterprise-number',
  'nsso-number',
  'quarter',
  'form-header',
];

/** The DmfA as it is configured. */
export const DMFA: InspectGoal = {
  code: 'DMFA',
  roots: ['DmfAOriginal'],
  schemas: ['DmfAOriginal_{quarter}.xsd'],
  identifications: ['DMFA'],
  checks: CHECKS.map((name) => ({ name, class: 'B' })),
  maxForms: 1000,
};

export const NOW = new Date('2026-11-22T12:00:00Z');

/** An inspector on our own schemas; it must be stopped. */
export function inspecting(plan: InspectingPlan = {}): Inspecting {
  const { schemaDirs = ['schemas/xsd'], windowBytes, findings = 100, anomaliesPerForm = 100 } = plan;
  const inspector = createInspector({
    schemaDirs,
    workers: 2,
    ...(windowBytes === undefined ? {} : { windowBytes }),
    limits: { findings, anomaliesPerForm, depth: 256 },
    log: silentLogger(),
  });
  const inspect = (document: string | Uint8Array, goal: Partial<InspectGoal> = {}) =>
    inspector.inspect({
      source: { kind: 'bytes', bytes: Buffer.from(document) },
      goal: { ...DMFA, ...goal },
      fileDate: '20261122',
      now: NOW,
      signal: new AbortController().signal,
    });
  const codes = async (document: string | Uint8Array, goal: Partial<InspectGoal> = {}) =>
    (await inspect(document, goal)).findings.map(({ code }) => code);
  return { inspector, inspect, codes };
}
