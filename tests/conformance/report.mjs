// Reads what the conformance suite wrote and says whether it is what we promise.
//
//   node report.mjs FOLDER-OF-2026-07-28 FOLDER-OF-2025-11-25
//
// A scenario failed when one of its checks did, or when it left no checks at all. Exit code 1 when less passed
// than is promised below.
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';

import {parse} from 'yaml';

// Of the 13 scenarios that are not scored, one is skipped by the suite itself.
const PROMISES = [
  {revision: '2026-07-28', scored: 37, warnings: 0, extra: 12, extraCount: 13},
  {revision: '2025-11-25', scored: 30, warnings: 0, extra: 3, extraCount: 3},
];

const suite = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));

function requirements(revision) {
  const set = parse(readFileSync(join(suite, 'requirements', `${revision}.yaml`), 'utf8'));
  return {scored: set.server, extra: set.not_scored.filter((entry) => entry.leg === 'server').map((entry) => entry.scenario)};
}

function checksOf(folder, scenario) {
  const name = readdirSync(folder).find((entry) =>
    entry.startsWith(`server-${scenario}-2`) && existsSync(join(folder, entry, 'checks.json')));
  return name === undefined ? undefined : JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8'));
}

function verdictOf(folder, scenario) {
  const checks = checksOf(folder, scenario);
  const count = (status) => (checks ?? []).filter((check) => check.status === status).length;
  const verdict = {
    scenario, checks: checks?.length ?? 0, passed: count('SUCCESS'), failed: count('FAILURE'),
    warned: count('WARNING'), skipped: count('SKIPPED'),
    faults: (checks ?? []).filter((check) => ['FAILURE', 'WARNING'].includes(check.status)),
  };
  verdict.isGood = checks !== undefined && verdict.failed === 0;
  return verdict;
}

function print(title, verdicts) {
  console.log(`\n${title}`);
  for (const it of verdicts) {
    const mark = !it.isGood ? 'FAIL' : it.warned > 0 ? 'warn' : it.passed === 0 ? 'none' : 'ok';
    const notes = [`${it.passed} passed`];
    for (const kind of ['failed', 'warned', 'skipped']) if (it[kind] > 0) notes.push(`${it[kind]} ${kind}`);
    console.log(`  ${mark.padEnd(5)} ${it.scenario.padEnd(48)} ${it.checks === 0 ? 'no checks' : notes.join(', ')}`);
    for (const fault of it.faults) {
      console.log(`        ${fault.status.toLowerCase()} ${fault.id}: ${fault.errorMessage ?? fault.description ?? ''}`);
      if (process.env.MARTGATE_CONFORMANCE_DETAILS && fault.details) console.log(`        ${JSON.stringify(fault.details)}`);
    }
  }
}

let isKept = true;
PROMISES.forEach((promise, index) => {
  const folder = process.argv[2 + index];
  const wanted = requirements(promise.revision);
  const scored = wanted.scored.map((scenario) => verdictOf(folder, scenario));
  const extra = wanted.extra.map((scenario) => verdictOf(folder, scenario));
  print(`${promise.revision}, scored`, scored);
  print(`${promise.revision}, not scored`, extra);
  const good = scored.filter((it) => it.isGood && it.passed > 0).length;
  const warned = scored.reduce((sum, it) => sum + it.warned, 0);
  const goodExtra = extra.filter((it) => it.isGood && it.passed > 0).length;
  const isEnough = good === promise.scored && scored.length === promise.scored && warned <= promise.warnings &&
    goodExtra >= promise.extra && extra.length === promise.extraCount;
  console.log(`\n${promise.revision}: ${good} of ${scored.length} scored with ${warned} warnings, ` +
    `${goodExtra} of ${extra.length} not scored: ${isEnough ? 'as promised' : 'LESS THAN PROMISED'}`);
  isKept &&= isEnough;
});
process.exit(isKept ? 0 : 1);
