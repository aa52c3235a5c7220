import { fileDate } from '../../core/calendar.ts';
import type { Check, CheckContext, Field, Report, RunningCheck } from './check.ts';
import { faultOf } from './generic.ts';
import { createInssSet } from './inss-set.ts';

/** Parent and child of each amount in the sum, with its sign (protocol §10). */
const AMOUNTS: Readonly<Record<string, Readonly<Record<string, 1 | -1>>>> = {
  ContributionAmount: { WorkerContribution: 1, ComplIndemnityContribution: 1 },
  UnrelatedAmount: { ContributionUnrelatedToNP: 1 },
  StudentContributionAmount: { StudentContribution: 1 },
  GrossRefRemunContributionAmount: { DismissedStatutoryWorkerContribution: 1 },
  EarlyRetirementContributionAmount: { EarlyRetirementContribution: 1 },
  DeductionAmount: { WorkerDeduction: -1, OccupationDeduction: -1 },
};

/** No INSS twice for one NSSO number and quarter, over all forms of the file (protocol §10, pass 3); the later ones are reported. */
export const inssDuplicate: Check = {
  elements: ['EmployerDeclaration', 'NOSSRegistrationNbr', 'Quarter', 'INSS'],
  start: (_, report) => watchInss(report),
};

/** The net amount is the sum of the contributions minus the sum of the deductions, to the cent (protocol §10, pass 4). */
export const netOwedAmount: Check = {
  elements: ['EmployerDeclaration', 'NetOwedAmount', ...Object.keys(AMOUNTS)],
  start: (_, report) => watchAmounts(report),
};

/** The quarter is neither before 2003 nor later than the next one (protocol §10 compares it with nothing else). */
export const quarter: Check = {
  elements: ['Quarter'],
  start: (context, report) => {
    const last = nextQuarter(context);
    return { closed: (field) => checkQuarter(field, last, report) };
  },
};

function watchInss(report: Report): RunningCheck {
  const seen = createInssSet();
  const groups = new Map<string, number>();
  let [employer, period] = ['', ''];
  let group: number | undefined;
  return {
    opened({ name }) {
      if (name === 'EmployerDeclaration') [employer, period, group] = ['', '', undefined];
    },
    closed(field) {
      if (field.name === 'NOSSRegistrationNbr' && field.parent === 'EmployerDeclaration')
        employer = String(field.number());
      else if (field.name === 'Quarter' && field.parent === 'EmployerDeclaration') period = field.text();
      if (field.name !== 'INSS' || field.parent !== 'NaturalPerson') return;
      group ??= groupOf(groups, `${employer} ${period}`);
      const inss = field.number();
      if (Number.isNaN(inss) || inss === 0 || seen.add(group, inss)) return;
      report(faultOf(field, '00024-002', field.text(), 'INSS more than once for this employer and quarter'));
    },
  };
}

function groupOf(groups: Map<string, number>, key: string): number {
  const group = groups.get(key) ?? groups.size;
  groups.set(key, group);
  return group;
}

function watchAmounts(report: Report): RunningCheck {
  const sum = createSum();
  let declared: { readonly amount: bigint; readonly line: number; readonly column: number } | undefined;
  return {
    opened({ name }) {
      if (name !== 'EmployerDeclaration') return;
      sum.reset();
      declared = undefined;
    },
    closed(field) {
      const sign = AMOUNTS[field.name]?.[field.parent];
      if (sign !== undefined) return sum.add(field, sign);
      if (field.name === 'NetOwedAmount') {
        declared = { amount: bigOf(field.text()), line: field.line, column: field.column };
      } else if (field.name === 'EmployerDeclaration' && declared && declared.amount !== sum.total()) {
        const label = `declared ${declared.amount}, contributions minus deductions ${sum.total()}`;
        const value = String(declared.amount);
        const { line, column } = declared;
        report({ errorId: '00015-001', tagName: 'NetOwedAmount', value, label, line, column });
      }
    },
  };
}

/** A sum of amounts: small ones are added as numbers, and carried over before they grow inexact. */
function createSum() {
  const LIMIT = 2 ** 52;
  let [small, big] = [0, 0n];
  return {
    reset(): void {
      [small, big] = [0, 0n];
    },
    add(field: Field, sign: 1 | -1): void {
      const amount = field.number();
      if (Number.isNaN(amount)) {
        big += BigInt(sign) * bigOf(field.text());
        return;
      }
      small += sign * amount;
      if (small > LIMIT || small < -LIMIT) [small, big] = [0, big + BigInt(small)];
    },
    total: (): bigint => big + BigInt(small),
  };
}

/** A text that is not a whole number counts as 0: the schema has a finding for it. */
function bigOf(text: string): bigint {
  return /^[+-]?\d+$/.test(text) ? BigInt(text) : 0n;
}

function checkQuarter(field: Field, last: number, report: Report): void {
  const text = field.text();
  const given = Number(text);
  if (given < 20031) report(faultOf(field, '00013-001', text, 'quarter is before 20031'));
  else if (given > last) report(faultOf(field, '00013-002', text, `quarter is later than ${last}`));
}

function nextQuarter({ now }: CheckContext): number {
  const today = fileDate(now);
  const [year, current] = [Number(today.slice(0, 4)), Math.ceil(Number(today.slice(4, 6)) / 3)];
  return current === 4 ? (year + 1) * 10 + 1 : year * 10 + current + 1;
}
