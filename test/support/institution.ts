import { fileDate, protocolTime } from '../../engine/core/calendar.ts';
import type { Clock } from '../../engine/core/clock.ts';
import { eventually } from './eventually.ts';
import type { Credentials } from './pki.ts';
import type { Receipt, TestClient } from './sender.ts';

/** A file of one of the institution's goals. */
export interface GoalFile {
  readonly goal: string;
  readonly content: string;
}

/** The same, of any content. */
export type SentFile = Omit<GoalFile, 'content'> & { readonly content: string | Buffer };

type Fields = Readonly<Record<string, string>>;

const element = (name: string, value: string) => `<${name}>${value}</${name}>`;
const elements = (fields: Fields) =>
  Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => element(name, value))
    .join('');

/** XML of one goal: a form for each entry, with the fields of the form and its records. */
export function aGoalFile(
  goal: string,
  [root, record]: readonly [string, string],
  forms: readonly { readonly form: Fields; readonly records: readonly Fields[] }[],
  now = new Date(),
): GoalFile {
  const { date, time } = protocolTime(now);
  const header = {
    Identification: goal,
    FormCreationDate: date,
    FormCreationHour: time,
    AttestationStatus: '0',
    TypeForm: 'SU',
  };
  const body = forms.map(({ form, records }) =>
    element('Form', elements({ ...header, ...form }) + records.map((one) => element(record, elements(one))).join('')),
  );
  const schema = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="${root}_1.xsd"`;
  return {
    goal,
    content: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${schema}>\n${body.join('\n')}\n</${root}>\n`,
  };
}

/** Sends files of goals as signed sets, each under a sequence number of its own, and waits for the receipt of each. */
export function goalSender(
  client: TestClient,
  sender = '123456',
  signer?: Credentials,
  clock: Clock = () => new Date(),
) {
  let sequence = 0;
  return async ({ goal, content }: SentFile): Promise<Receipt> => {
    sequence += 1;
    const stem = `${goal}.${sender}.${fileDate(clock())}.${String(sequence).padStart(5, '0')}.R`;
    const [fi, go] = [`FI.${stem}.1.1`, `GO.${stem}.1`];
    await client.write(fi, content);
    await client.sign(fi, signer);
    await client.write(go, '');
    await client.sftp(`put ${fi} IN/\nput ${fi.replace('FI', 'FS')} IN/\nput ${go} IN/\n`);
    return eventually(async () => {
      const receipt = (await client.receipts()).get(go);
      if (!receipt) throw new Error(`no receipt for ${go} yet`);
      return receipt;
    });
  };
}
