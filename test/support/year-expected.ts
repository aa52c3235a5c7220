import Database from 'better-sqlite3';
import { run } from '../../scripts/demonstration/command.ts';

// What lists must come of the files as they were sent, computed by awk and plain SQL: nothing here is of the engine, and
// the calendar of 2028 is written out.

/** A document that must be in a mailbox. */
export interface Expected {
  readonly list: string;
  readonly type: string;
  readonly period: string;
  readonly authority: string;
  readonly lines: number;
  readonly corrections: number;
  readonly cents: number;
  /** When it must come. */
  readonly slot: string;
}

/** A list for a period, and when it is due. */
export interface Due {
  readonly list: string;
  readonly period: string;
  readonly slot: string;
}

/** A line of the data that was sent. */
export interface Sent {
  readonly goal: string;
  readonly at: string;
  readonly authority: string;
  readonly number: string;
  readonly code: string;
}

/** A file that must be in OUT: the day it must come, the act it is of, and its lines. */
export interface ExpectedStatement {
  readonly day: string;
  readonly law: string;
  readonly lines: readonly string[];
}

/** What is known of a year. */
export interface ExpectedYear {
  readonly documents: readonly Expected[];
  readonly due: readonly Due[];
  readonly sent: readonly Sent[];
  /** Of an authority. */
  statements(authority: string): ExpectedStatement[];
}

// elements as records, their names and values as fields: `Name>value`
const READ = String.raw`
BEGIN { RS = "<"; FS = ">"; OFS = "\t" }
FNR == 1 { n = split(FILENAME, path, "/"); split(path[n], name, "."); sent = name[4] }
$1 == "Form" { company = nis = "" }
$1 == "CompanyID" { company = $2 }
$1 == "Nis" { nis = $2 }
$1 ~ /^(Payment|Decision|Event|Signal|Answer)$/ { split("", f) }
$1 !~ /^[\/?]/ { f[$1] = $2 }
$1 ~ /^\/(Payment|Decision|Event|Signal|Answer)$/ {
  day = name[2] == "PAYM" ? f["YearMonth"] "01" : name[2] == "OCMW" ? sent : f["Day"]
  kind = name[2] == "PAYM" ? f["Law"] : f["Kind"]
  line = f["Law"] "|" nis "|" f["YearMonth"] "|" f["DossierNumber"] "|" f["Suffix"] "|" f["INSS"] "|" f["Reference"]
  line = line "|" f["AmountType"] "|" f["FirstDay"] "|" f["LastDay"] "|" f["BudgetArticle"] "|" f["Sign"]
  line = line "|" f["Amount"] "|" f["Category"] "|" f["Name"]
  print name[2], sent, company, kind, day, (f["Sign"] == "-" ? -f["Amount"] : f["Amount"] + 0), f["SignalNumber"], f["Code"], line
}`;

const CALENDAR = `
create table sundays (slot text); -- the first of each month at six, Brussels
insert into sundays values ('2028-01-02T05:00:00.000Z'), ('2028-02-06T05:00:00.000Z'), ('2028-03-05T05:00:00.000Z'),
  ('2028-04-02T04:00:00.000Z'), ('2028-05-07T04:00:00.000Z'), ('2028-06-04T04:00:00.000Z'), ('2028-07-02T04:00:00.000Z'),
  ('2028-08-06T04:00:00.000Z'), ('2028-09-03T04:00:00.000Z'), ('2028-10-01T04:00:00.000Z'), ('2028-11-05T05:00:00.000Z'),
  ('2028-12-03T05:00:00.000Z'), ('2029-01-07T05:00:00.000Z'), ('2029-02-04T05:00:00.000Z'), ('2029-03-04T05:00:00.000Z');
create table lists (list text, type text, goal text, kinds text, every text);
insert into lists values
  ('statement-leefloon', 'list-statement', 'PAYM', '1', 'month'), ('statement-equivalent', 'list-statement', 'PAYM', '2', 'month'),
  ('statement-employment', 'list-statement', 'PAYM', '6', 'month'), ('annual-leefloon', 'list-annual', 'PAYM', '1', 'year'),
  ('annual-equivalent', 'list-annual', 'PAYM', '2', 'year'), ('forms-received', 'list-forms', 'OCMW', '', 'month'),
  ('blocked', 'list-blocked', 'EVNT', 'blocked unblocked', 'day'), ('overlaps', 'list-overlaps', 'EVNT', 'overlap', 'day'),
  ('status-changes', 'list-status', 'EVNT', 'status', 'day'), ('signals-monthly', 'list-signals', 'KNIP', '', 'month'),
  ('signals-summary', 'list-signals', 'KNIP', '', 'half-year');
create table due (list text, period text, first text, last text, slot text);
insert into due select list, substr(date(slot, 'start of month', '-1 month'), 1, 7), date(slot, 'start of month', '-1 month'),
  date(slot, 'start of month', '-1 day'), slot from lists, sundays where every = 'month';
insert into due values
  ('annual-leefloon', '2027', '2027-01-01', '2027-12-31', '2028-02-06T05:00:00.000Z'),
  ('annual-leefloon', '2028', '2028-01-01', '2028-12-31', '2029-02-04T05:00:00.000Z'),
  ('annual-equivalent', '2027', '2027-01-01', '2027-12-31', '2028-02-06T05:00:00.000Z'),
  ('annual-equivalent', '2028', '2028-01-01', '2028-12-31', '2029-02-04T05:00:00.000Z'),
  ('signals-summary', '2027-H2', '2027-10-01', '2028-02-29', '2028-03-05T05:00:00.000Z'),
  ('signals-summary', '2028-H1', '2028-03-01', '2028-09-30', '2028-10-01T04:00:00.000Z'),
  ('signals-summary', '2028-H2', '2028-10-01', '2029-02-28', '2029-03-04T05:00:00.000Z');
with recursive days (day) as (select '2028-01-15' union all select date(day, '+1 day') from days where day < '2029-03-03')
insert into due select list, day, day, day,
  date(day, '+1 day') || case when day between '2028-03-25' and '2028-10-27' then 'T04:00:00.000Z' else 'T05:00:00.000Z' end
  from lists, days where every = 'day';
create table sent (goal text, at text, authority text, kind text, day text, cents integer, number text, code text, line text);
`;

// each line is in the first list after it arrived whose period is not before its own
const TAKEN = `
create view taken as
select l.list, l.type, d.period, d.slot, d.first, s.* from sent as s
  join lists as l on l.goal = s.goal and (l.kinds = '' or instr(' ' || l.kinds || ' ', ' ' || s.kind || ' ') > 0)
  join due as d on d.list = l.list and l.every <> 'half-year'
where d.slot = (select min(slot) from due where list = l.list and slot > s.at and last >= s.day)
  and not (l.list = 'signals-monthly' and s.authority = (select * from electronic) and s.day >= '2028-07-01')
union all
select l.list, l.type, d.period, d.slot, '0000' as first, s.* from sent as s
  join lists as l on l.goal = s.goal and l.every = 'half-year'
  join due as d on d.list = l.list and s.day <= d.last and s.at < d.slot
where not exists (select * from sent as a where a.goal = 'KNFB' and a.number = s.number and a.code in ('01', '02') and a.at < d.slot)
  and not (s.authority = (select * from electronic) and (s.day >= '2028-07-01' or d.period = '2028-H2'));
`;

const DOCUMENTS = `select list, type, period, authority, count(*) as lines, sum(day < first) as corrections,
  sum(cents) as cents, slot from taken group by list, period, authority`;

const STATEMENTS = `select substr(slot, 1, 10) as day, kind as law, group_concat(line, char(10)) as lines from taken
  where type = 'list-statement' and authority = ? group by list, period`;

/** Reads all files that were sent, and says what must come of them. */
export async function expectedYear(files: readonly string[], electronic: string): Promise<ExpectedYear> {
  const rows = (await run('awk', [READ, ...files])).split('\n').filter((row) => row !== '');
  const db = new Database(':memory:');
  db.exec(CALENDAR);
  db.exec(`create table electronic as select '${electronic}' as authority; ${TAKEN}`);
  const insert = db.prepare('insert into sent values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  for (const row of rows) {
    const [goal, at = '', authority, kind, day = '', ...rest] = row.split('\t');
    insert.run(goal, `${dashed(at)}T11:00:00.000Z`, authority, kind, dashed(day), ...rest);
  }
  return {
    documents: db.prepare<[], Expected>(DOCUMENTS).all(),
    due: db.prepare<[], Due>('select list, period, slot from due where slot > (select min(at) from sent)').all(),
    sent: db.prepare<[], Sent>('select * from sent').all(),
    statements: (authority) =>
      db
        .prepare<[string], { day: string; law: string; lines: string }>(STATEMENTS)
        .all(authority)
        .map(({ lines, ...one }) => ({ ...one, lines: lines.split('\n').toSorted() })),
  };
}

const dashed = (day: string) => day.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
