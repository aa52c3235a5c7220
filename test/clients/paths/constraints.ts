import { extension } from '../../support/certificate-writer.ts';
import { AUTHORITY_USAGE, type Authority, type PathLab } from '../../support/path-lab.ts';
import type { PathCase } from './case.ts';

const LONG = /the chain is longer than a certificate authority allows/;
const NO_AUTHORITY = /issued by one that is no certificate authority/;

const usage = extension.keyUsage(AUTHORITY_USAGE);

function constrained(
  test: string,
  expected: PathCase['expected'],
  extensions: Parameters<PathLab['authority']>[1],
): PathCase {
  return {
    test,
    expected,
    given(lab) {
      const bad = lab.authority('Constrained CA', extensions);
      return lab.path(lab.entity({ by: bad }), [bad]);
    },
  };
}

/** Path lengths from the anchor down; `same` is a CA that certifies itself once more; the leaf may be a CA too. */
function lengths(
  test: string,
  expected: PathCase['expected'],
  steps: readonly (number | 'any' | 'same')[],
  leafIsAuthority = false,
): PathCase {
  return {
    test,
    expected,
    given(lab) {
      const authorities: Authority[] = [];
      for (const [at, step] of steps.entries()) {
        const by = authorities.at(-1) ?? lab.anchor;
        const constraints = extension.basicConstraints(true, typeof step === 'number' ? step : undefined);
        const spec = { by, extensions: [constraints, usage], ...(step === 'same' && { subject: by.name }) };
        authorities.push(lab.authority(`CA ${at}`, spec));
      }
      const by = authorities.at(-1)!;
      const leaf = leafIsAuthority ? lab.authority('CA leaf', { by }).certificate : lab.entity({ by });
      return lab.path(leaf, authorities);
    },
  };
}

/** PKITS 4.6: basic constraints and path lengths, which certificates that a CA issued to itself do not count in. */
export const CONSTRAINTS: readonly PathCase[] = [
  constrained('4.6.1 invalid missing basicConstraints', NO_AUTHORITY, { extensions: [usage] }),
  constrained('4.6.2 invalid cA false', NO_AUTHORITY, { extensions: [extension.basicConstraints(false), usage] }),
  constrained('4.6.3 invalid cA false, not critical', NO_AUTHORITY, {
    extensions: [extension.basicConstraints(false, undefined, false), usage],
  }),
  constrained('4.6.4 valid basicConstraints not critical', 'good', {
    extensions: [extension.basicConstraints(true, undefined, false), usage],
  }),
  lengths('4.6.5 invalid pathLenConstraint', LONG, [0, 'any']),
  lengths('4.6.6 invalid pathLenConstraint, a CA at the end', LONG, [0, 'any'], true),
  lengths('4.6.7 valid pathLenConstraint', 'good', [0]),
  lengths('4.6.8 valid pathLenConstraint, a CA at the end', 'good', [0], true),
  lengths('4.6.9 invalid pathLenConstraint', LONG, [6, 0, 'any']),
  lengths('4.6.10 invalid pathLenConstraint, a CA at the end', LONG, [6, 0, 'any'], true),
  lengths('4.6.11 invalid pathLenConstraint', LONG, [6, 1, 1, 'any']),
  lengths('4.6.12 invalid pathLenConstraint, a CA at the end', LONG, [6, 1, 1, 'any'], true),
  lengths('4.6.13 valid pathLenConstraint', 'good', [6, 4, 1, 'any']),
  lengths('4.6.14 valid pathLenConstraint, a CA at the end', 'good', [6, 4, 1, 'any'], true),
  lengths('4.6.15 valid self-issued pathLenConstraint', 'good', [0, 'same']),
  lengths('4.6.16 invalid self-issued pathLenConstraint', LONG, [0, 'same', 'any']),
  lengths('4.6.17 valid self-issued pathLenConstraint', 'good', [1, 'same', 0, 'same']),
];

const USE = /does not include signing certificates/;
const constraint = extension.basicConstraints(true);
const using = (test: string, expected: PathCase['expected'], bits: number, critical: boolean) =>
  constrained(test, expected, { extensions: [constraint, extension.keyUsage(bits, critical)] });

/** PKITS 4.7: key usage. */
export const USAGES: readonly PathCase[] = [
  using('4.7.1 invalid keyUsage critical keyCertSign false', USE, 0x02, true),
  using('4.7.2 invalid keyUsage not critical keyCertSign false', USE, 0x02, false),
  using('4.7.3 valid keyUsage not critical', 'good', AUTHORITY_USAGE, false),
  using('4.7.4 invalid keyUsage critical cRLSign false', /its issuer may not sign lists/, 0x04, true),
  using('4.7.5 invalid keyUsage not critical cRLSign false', /its issuer may not sign lists/, 0x04, false),
];

const KEEP = [constraint, usage];

/** What the engine does not judge, and paths that do not end. */
export const BEYOND: readonly PathCase[] = [
  constrained('4.16.2 invalid unknown critical extension in a CA', /authority has a critical extension/, {
    extensions: [...KEEP, extension.unknown()],
  }),
  constrained('4.16.1 valid unknown extension that is not critical', 'good', {
    extensions: [...KEEP, extension.unknown(false)],
  }),
  {
    test: '4.16.2 invalid unknown critical extension in the EE',
    expected: /certificate has a critical extension/,
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good, extensions: [extension.unknown()] }), [good]);
    },
  },
  {
    ...constrained('4.13 name constraints', /constrains the names below it/, {
      extensions: [...KEEP, extension.nameConstraints(true)],
    }),
    opensslDiffers: 'it judges name constraints; the engine refuses them',
  },
  {
    ...constrained('4.13 name constraints that are not critical', /constrains the names below it/, {
      extensions: [...KEEP, extension.nameConstraints(false)],
    }),
    opensslDiffers: 'it judges name constraints; the engine refuses them',
  },
  {
    test: 'beyond: two CAs that certify each other, and no anchor',
    expected: /not issued under a configured trust anchor/,
    given(lab) {
      const [one, other] = [lab.authority('One'), lab.authority('Other')];
      const circle = [
        lab.authority('One', { by: other, key: one.key }),
        lab.authority('Other', { by: one, key: other.key }),
      ];
      return lab.path(lab.entity({ by: one }), circle);
    },
  },
  {
    test: 'beyond: the same circle with a way out',
    expected: 'good',
    opensslDiffers: 'it takes the first issuer that fits and does not turn back; RFC 4158 §2.3 does',
    given(lab) {
      const [one, other] = [lab.authority('One'), lab.authority('Other')];
      const circle = [
        lab.authority('One', { by: other, key: one.key }),
        lab.authority('Other', { by: one, key: other.key }),
        other,
      ];
      return lab.path(lab.entity({ by: one }), circle, {
        lists: [one, other, lab.anchor].map((by) => lab.list({ by })),
      });
    },
  },
  {
    test: 'beyond: a cross certificate whose issuer is not trusted beside one whose issuer is',
    expected: 'good',
    opensslDiffers: 'it takes the first issuer that fits and does not turn back; RFC 4158 §2.3 does',
    given(lab) {
      const stranger = lab.authority('Stranger', {
        by: { ...lab.anchor, name: lab.anchor.name, key: lab.authority('x').key },
      });
      const good = lab.authority('Good CA');
      const crossed = lab.authority('Good CA', { by: stranger, key: good.key });
      return lab.path(lab.entity({ by: good }), [crossed, good]);
    },
  },
  {
    test: 'beyond: no certificate between',
    expected: /not issued under a configured trust anchor/,
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good }), [good], { between: [] });
    },
  },
];
