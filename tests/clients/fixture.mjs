// Published MCP clients against the fixture server: everything of the protocol that a client can reach, over both
// transports and in every revision.
//
//   node fixture.mjs --url http://127.0.0.1:PORT/mcp [--only WORD] -- COMMAND ARG...
//
// The URL is served over Streamable HTTP, the command is started over stdio. Prints "N passed, M failed"; exit
// code 1 when anything failed, 2 when the command line was wrong.
import {execFile} from 'node:child_process';
import {parseArgs} from 'node:util';

import {CLIENTS, INVALID_PARAMS, Tally, connected, negotiatedBy} from './sdks.mjs';

const RESOURCE_NOT_FOUND = -32002;  // before 2026-07-28
const PATIENCE_MS = 5_000;  // for something that the server does in its own time

const {values: options, positionals: command} = parseArgs({
  options: {url: {type: 'string'}, only: {type: 'string', default: ''}},
  allowPositionals: true,
});
if (!options.url || command.length === 0) {
  console.error('give --url URL and a command behind --');
  process.exit(2);
}

const tally = new Tally();

const textOf = (result) => result.content.map((block) => block.text ?? '').join('\n');
const failure = (promise) => promise.then(() => undefined, (error) => error ?? new Error('rejected without a reason'));

async function until(condition) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    if (await condition()) return true;
    await new Promise((resume) => setTimeout(resume, 20));
  }
  return false;
}

// ---- one conversation, the same for every client

class Conversation {
  constructor(entry, kind) {
    this.entry = entry;
    this.where = `${entry.label} over ${kind}`;
    this.kind = kind;
    this.isModern = entry.revision === '2026-07-28';
    this.elicits = entry.revision !== '2025-03-26';  // which has no elicitation
    this.hasStructure = entry.revision !== '2025-03-26';
    this.asked = [];  // messages of elicitations
    this.action = 'accept';
    this.heard = {logs: 0, updates: []};
  }

  check(fact, isTrue, shown) {
    tally.check(this.where, fact, isTrue, shown);
  }

  call(name, args = {}, callOptions) {
    return this.entry.sdk.callTool(this.client, {name, arguments: args}, callOptions);
  }

  // Answers every question: names, addresses, yes; the model says Paris; there is one root.
  prepare(client) {
    const {sdk} = this.entry;
    if (this.elicits) {
      sdk.answer(client, 'elicitation/create', async (request) => {
        this.asked.push(request.params.message);
        if (this.action !== 'accept') return {action: this.action};
        const content = {};
        for (const [name, field] of Object.entries(request.params.requestedSchema.properties)) {
          if (field.type === 'boolean') content[name] = true;
          else if (field.default !== undefined) content[name] = field.default;
          else if (field.type === 'array') content[name] = [(field.items.enum ?? field.items.anyOf.map((it) => it.const))[0]];
          else content[name] = field.enum?.[0] ?? field.oneOf?.[0].const ?? (name === 'color' ? 'green' : 'Alice');
        }
        return {action: 'accept', content};
      });
    }
    sdk.answer(client, 'sampling/createMessage', async () => (
      {model: 'none', role: 'assistant', content: {type: 'text', text: 'Paris'}}));
    sdk.answer(client, 'roots/list', async () => ({roots: [{uri: 'file:///test/root', name: 'Test Root'}]}));
    sdk.hear(client, 'notifications/message', () => { this.heard.logs += 1; });
    sdk.hear(client, 'notifications/resources/updated', (note) => { this.heard.updates.push(note.params.uri); });
  }

  async run(target) {
    const before = tally.failed;
    try {
      const capabilities = {sampling: {}, roots: {}, ...(this.elicits ? {elicitation: {}} : {})};
      const made = await connected(this.entry, target, {capabilities, prepare: (client) => this.prepare(client)});
      this.client = made.client;
      const negotiated = negotiatedBy(this.entry, this.client, made.transport);
      if (negotiated !== undefined) {
        this.check(`negotiated ${this.entry.revision}`, negotiated === this.entry.revision, negotiated);
      }
      await this.lists();
      await this.calls();
      await this.errors();
      await this.progress();
      await this.cancellation();
      await this.questions();
      await this.resources();
      await this.prompts();
      await this.changes();
      if (!this.isModern) await this.legacy(made.transport);
    } catch (error) {
      this.check('free of exceptions', false, String(error?.stack ?? error));
    } finally {
      await this.client?.close();
    }
    console.log(`${tally.failed === before ? 'ok  ' : 'FAIL'} ${this.where}, ${this.entry.revision}`);
  }

  async lists() {
    const {tools} = await this.client.listTools();
    this.check('many tools are listed', tools.length > 30, tools.length);
    const again = (await this.client.listTools()).tools;
    this.check('the order of tools is the same again', JSON.stringify(again) === JSON.stringify(tools));
    const keywords = tools.find((tool) => tool.name === 'json_schema_2020_12_tool').inputSchema;
    this.check('a schema comes as it was written', keywords.$defs.address.$anchor === 'addressDef' &&
      keywords.properties.address.$ref === '#/$defs/address' && keywords.allOf.length === 1, keywords);
    const {resources} = await this.client.listResources();
    this.check('three resources are listed', resources.length === 3, resources);
    const {resourceTemplates} = await this.client.listResourceTemplates();
    this.check('the template is listed', resourceTemplates[0]?.uriTemplate === 'test://template/{id}/data');
    const {prompts} = await this.client.listPrompts();
    this.check('five prompts are listed', prompts.length === 5, prompts);
  }

  async calls() {
    this.check('text arrives', textOf(await this.call('test_simple_text')) === 'This is a simple text response for testing.');
    const [image] = (await this.call('test_image_content')).content;
    this.check('a picture arrives', image.mimeType === 'image/png' &&
      Buffer.from(image.data, 'base64').subarray(1, 4).toString() === 'PNG', image);
    const [audio] = (await this.call('test_audio_content')).content;
    this.check('a sound arrives', audio.mimeType === 'audio/wav' &&
      Buffer.from(audio.data, 'base64').subarray(0, 4).toString() === 'RIFF', audio);
    const several = (await this.call('test_multiple_content_types')).content;
    this.check('three kinds arrive in order', several.map((block) => block.type).join() === 'text,image,resource', several);
    const structured = await this.call('test_structured_content');
    this.check('structured content arrives where the revision has it',
               (structured.structuredContent?.answer === 42) === this.hasStructure, structured);
    this.check('an argument is mirrored as a header', textOf(await this.call('test_x_mcp_header', {region: 'käse'})) === 'region: käse');
    const many = await Promise.all(Array.from({length: 20}, () => this.call('test_simple_text')));
    this.check('twenty calls at once are answered', many.length === 20);
  }

  async errors() {
    const failed = await this.call('test_error_handling');
    this.check('a failing tool reports so', failed.isError === true && textOf(failed).length > 0, failed);
    // SDK versions differ in whether they throw or return it; the server's answer is the same.
    const unknown = await failure(this.call('no_such_tool'));
    this.check('an unknown tool is invalid params', unknown?.code === INVALID_PARAMS, unknown?.message);
  }

  async progress() {
    const seen = [];
    await this.call('test_tool_with_progress', {}, {onprogress: (note) => seen.push(`${note.progress}/${note.total}`)});
    this.check('three steps of progress arrive before the answer', seen.join() === '0/100,50/100,100/100', seen);
  }

  async cancellation() {
    const count = async () => Number(textOf(await this.call('test_cancelled_count')));
    const before = await count();
    const controller = new AbortController();
    const aborted = await failure(this.call('test_wait', {seconds: 20}, {
      signal: controller.signal,
      onprogress: () => controller.abort('enough'),
    }));
    this.check('an aborted call ends at the client', aborted !== undefined);
    this.check('an aborted call stops at the server', await until(async () => (await count()) === before + 1));
    this.check('the connection goes on', textOf(await this.call('test_simple_text')).length > 0);
  }

  async questions() {
    this.check('the model is asked', textOf(await this.call('test_sampling', {prompt: 'capital?'})) === 'LLM response: Paris');
    this.check('the roots are asked for', textOf(await this.call('test_input_required_result_list_roots')).includes('1 root'));
    if (!this.elicits) {
      const refused = await this.call('test_input_required_result_elicitation');
      this.check('a revision without elicitation gets a tool error', refused.isError === true, refused);
      return;
    }
    const hello = await this.call('test_input_required_result_elicitation');
    this.check('the user is asked', textOf(hello) === 'Hello, Alice!', hello);
    this.check('the question arrives', this.asked.at(-1) === 'What is your name?', this.asked);
    const rounds = await this.call('test_input_required_result_multi_round');
    this.check('two rounds are asked', textOf(rounds) === 'Alice likes green.', rounds);
    const several = await this.call('test_input_required_result_multiple_inputs');
    this.check('three things are asked at once', /Alice/.test(textOf(several)) && /Paris/.test(textOf(several)), several);
    this.check('a state comes back', textOf(await this.call('test_input_required_result_request_state')) === 'state-ok, confirmed');
    // Choices of several have a form since 2025-11-25.
    const forms = ['test_elicitation_sep1034_defaults'];
    if (this.entry.revision !== '2025-06-18') forms.push('test_elicitation_sep1330_enums');
    for (const form of forms) {
      const filled = await this.call(form);
      this.check(`${form} is filled in`, textOf(filled).startsWith('User response: '), filled);
    }
    for (const action of ['decline', 'cancel']) {
      this.action = action;
      const result = await this.call('test_input_required_result_elicitation');
      this.check(`${action} is an ordinary answer`, textOf(result) === 'The user would rather not say.', result);
    }
    this.action = 'accept';
  }

  async resources() {
    const text = await this.client.readResource({uri: 'test://static-text'});
    this.check('a text is read', text.contents[0].text.length > 0, text);
    const blob = await this.client.readResource({uri: 'test://static-binary'});
    this.check('a blob is read', Buffer.from(blob.contents[0].blob, 'base64').subarray(1, 4).toString() === 'PNG', blob);
    const data = await this.client.readResource({uri: 'test://template/a%2Fb/data'});
    this.check('a template is filled and decoded', JSON.parse(data.contents[0].text).id === 'a/b', data);
    for (const uri of ['test://nothing', 'test://template/../data', 'file:///etc/passwd']) {
      const unknown = await failure(this.client.readResource({uri}));
      const expected = this.isModern ? INVALID_PARAMS : RESOURCE_NOT_FOUND;
      this.check(`${uri} is not found`, unknown?.code === expected || unknown?.code === INVALID_PARAMS, unknown?.message);
    }
    const {completion} = await this.client.complete(
      {ref: {type: 'ref/prompt', name: 'test_prompt_with_arguments'}, argument: {name: 'arg1', value: 'par'}});
    this.check('completion knows three values', completion.values.join() === 'paris,park,party', completion);
  }

  async prompts() {
    const simple = await this.client.getPrompt({name: 'test_simple_prompt'});
    this.check('a prompt is got', simple.messages[0].content.text === 'This is a simple prompt for testing.', simple);
    const filled = await this.client.getPrompt({name: 'test_prompt_with_arguments', arguments: {arg1: 'x', arg2: 'ÿ'}});
    this.check('arguments are filled in', filled.messages[0].content.text.includes("arg1='x', arg2='ÿ'"), filled);
    const missing = await failure(this.client.getPrompt({name: 'test_prompt_with_arguments', arguments: {arg1: 'x'}}));
    this.check('a missing argument is invalid params', missing?.code === INVALID_PARAMS, missing?.message);
    if (this.elicits) {
      const asked = await this.client.getPrompt({name: 'test_input_required_result_prompt'});
      this.check('a prompt asks first', asked.messages[0].content.text === 'Use this context: Alice', asked);
    }
  }

  async changes() {
    const uri = 'test://watched-resource';
    const changed = () => this.call('test_trigger_resource_change');
    if (this.isModern) {
      const subscription = await this.client.listen({resourceSubscriptions: [uri]});
      await changed();
      this.check('a change of a resource arrives', await until(() => this.heard.updates.includes(uri)));
      await subscription.close();
      return;
    }
    await this.client.subscribeResource({uri});
    // Over HTTP the stream for it may still be opening: the change is announced until it is heard.
    this.check('a change of a resource arrives', await until(async () => {
      await changed();
      return this.heard.updates.includes(uri);
    }));
    await this.client.unsubscribeResource({uri});
  }

  async legacy(transport) {
    this.check('ping is answered', Object.keys(await this.client.ping()).length === 0);
    await this.client.setLoggingLevel('error');
    this.heard.logs = 0;
    await this.call('test_tool_with_logging');
    await this.client.setLoggingLevel('info');
    this.check('less than the level is not sent', this.heard.logs === 0, this.heard);
    await this.call('test_tool_with_logging');
    this.check('three log notifications arrive', await until(() => this.heard.logs === 3), this.heard);
    if (this.kind === 'http') {
      this.check('in a session', typeof transport.sessionId === 'string');
      await transport.terminateSession();
      this.check('out of its session', transport.sessionId === undefined);
    }
  }
}

// ---- the Inspector's command line, one process for each call

function inspect(era, kind, words) {
  const where = kind === 'http' ? ['--server-url', options.url, '--transport', 'http'] : [];
  const args = ['--cli', ...where, '--protocol-era', era, ...words, '--format', 'json', '-q',
                ...(kind === 'http' ? [] : ['--', ...command])];
  return new Promise((resolve) => {
    execFile('mcp-inspector', args, {env: {...process.env, HOME: process.env.MARTGATE_SCRATCH ?? '/nonexistent'}, timeout: 60_000},
             (error, stdout, stderr) => resolve({code: error?.code ?? 0, stdout, stderr}));
  });
}

const INSPECTOR_CALLS = [
  {words: ['--method', 'tools/list'], code: 0, says: 'test_simple_text'},
  {words: ['--method', 'tools/call', '--tool-name', 'test_simple_text', '--tool-args-json', '{}'], code: 0,
   says: 'This is a simple text response'},
  {words: ['--method', 'tools/call', '--tool-name', 'test_tool_with_progress', '--tool-args-json', '{}'], code: 0,
   says: 'executed successfully'},
  {words: ['--method', 'tools/call', '--tool-name', 'test_error_handling', '--tool-args-json', '{}'], code: 5},
  {words: ['--method', 'resources/list'], code: 0, says: 'test://static-text'},
  {words: ['--method', 'resources/templates/list'], code: 0, says: 'test://template/{id}/data'},
  {words: ['--method', 'resources/read', '--uri', 'test://template/123/data'], code: 0, says: 'Data for ID: 123'},
  {words: ['--method', 'prompts/list'], code: 0, says: 'test_simple_prompt'},
  {words: ['--method', 'prompts/get', '--prompt-name', 'test_prompt_with_arguments', '--prompt-args', 'arg1=a', 'arg2=b'],
   code: 0, says: "arg1='a', arg2='b'"},
  // It polls a task to its end, and cannot answer a question.
  {words: ['--method', 'tools/call', '--tool-name', 'slow_compute', '--tool-args-json', '{"seconds":0.5,"label":"sum"}'],
   code: 0, says: 'sum done'},
  {words: ['--method', 'tools/call', '--tool-name', 'test_input_required_result_elicitation', '--tool-args-json', '{}'],
   code: {modern: 1, auto: 1, legacy: 5}},
];

async function inspectAll(era, kind) {
  const where = `Inspector ${era} over ${kind}`;
  const before = tally.failed;
  const calls = [...INSPECTOR_CALLS];
  const one = async () => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
      const result = await inspect(era, kind, call.words);
      const code = call.code[era] ?? call.code;
      const what = call.words.slice(1, 4).filter((word) => !word.startsWith('--')).join(' ');
      tally.check(where, `${what} exits with ${code}`, result.code === code, result);
      if (call.says) tally.check(where, `${what} says "${call.says}"`, result.stdout.includes(call.says), result.stdout.slice(0, 400));
    }
  };
  await Promise.all([one(), one()]);
  console.log(`${tally.failed === before ? 'ok  ' : 'FAIL'} ${where}`);
}

for (const kind of ['http', 'stdio']) {
  const target = kind === 'http' ? options.url : command;
  for (const entry of CLIENTS) {
    if (`${entry.label} ${kind}`.includes(options.only)) await new Conversation(entry, kind).run(target);
  }
  for (const era of kind === 'http' ? ['modern', 'legacy'] : ['auto', 'legacy']) {
    if (`Inspector ${era} ${kind}`.includes(options.only)) await inspectAll(era, kind);
  }
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
