import { parseArgs } from 'node:util';
import type { FormPlan } from './declaration/declaration.ts';
import { type WritePlan, writeDeclaration } from './declaration/write.ts';

const USAGE = `usage: node dist/scripts/make-declaration.js OUT [options]
  Writes a valid DmfA declaration with made-up persons.
  --bytes N        about so many bytes (instead of --persons)
  --forms N        so many forms (default 1)
  --persons N      so many persons in each form (default 3)
  --employer NSSO  NSSO number of the employer, in every form
  --company KBO    its enterprise number
  --schema NAME    schema, which fixes the quarter (default DmfAOriginal_20231.xsd)
`;

const OPTIONS = {
  bytes: { type: 'string' },
  forms: { type: 'string', default: '1' },
  persons: { type: 'string', default: '3' },
  employer: { type: 'string' },
  company: { type: 'string' },
  schema: { type: 'string', default: 'DmfAOriginal_20231.xsd' },
  help: { type: 'boolean', default: false },
} as const;

function read(argv: readonly string[]): { readonly out: string; readonly plan: WritePlan } {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [out, ...more] = positionals;
  if (values.help || out === undefined || more.length > 0) throw new Error('one output file is wanted');
  const form: FormPlan = {
    persons: wholeNumber('persons', values.persons),
    ...(values.employer === undefined ? {} : { nssoNumber: values.employer }),
    ...(values.company === undefined ? {} : { companyId: values.company }),
  };
  const forms = Array.from({ length: wholeNumber('forms', values.forms) }, () => form);
  const bytes = values.bytes === undefined ? {} : { bytes: wholeNumber('bytes', values.bytes) };
  return { out, plan: { schema: values.schema, forms, ...bytes } };
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new Error(`--${name} must be a whole number from 1`);
  return Number(text);
}

async function main(): Promise<void> {
  let request: ReturnType<typeof read>;
  try {
    request = read(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { bytes, persons } = await writeDeclaration(request.out, request.plan);
  process.stdout.write(`${request.out}: ${bytes} bytes, ${persons} persons\n`);
}

await main();
