// SPDX-License-Identifier: MIT
// What needs a state of the station, in an order that makes it. call(operation, status, {...}).
import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { bearer, check, send } from './lib.mjs'

const signed = (person, pin) => ({ sign: { person, pin } })
const wang = signed('wang', '8215')
const sun = signed('sun', '6604') // ten tries a minute and person: three supervisors
const feng = signed('feng', '7352')
const li = signed('li_na', '4711')
const quick = { bay: '1', ticket: 'T-1001', serial: 'RO600-24000101', run_type: 'post_repair_qc', profile: 'plate' }
const simctl = (...words) => execFileSync(process.env.API_SIMCTL, [process.env.API_SIM, ...words]).toString()

async function until(what, test) {
	for (let i = 0; i < 300; i++) {
		if (await test()) return
		await new Promise(done => setTimeout(done, 50))
	}
	check(false, what)
}
const day = days => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10)

async function tickets(call) {
	await call('ticket_put', 201, { json: { serial: 'RO600-24000101', model: 'RO600' } })
	const { headers } = await call('ticket_put', 200, { json: { serial: 'RO600-24000101', model: 'RO600' } })
	await call('ticket_put', 200, { json: { serial: 'RO600-24000101', model: 'RO600', priority: 2 }, headers: { 'If-Match': headers.etag } })
	await call('ticket_put', 200, { json: { serial: 'RO600-24000101', model: 'RO600', priority: 2 }, headers: { 'If-Match': '*' } })
	await call('ticket_put', 412, { args: { ticket: 'T-NONE' }, json: { serial: 'RO600-24000101', model: 'RO600' }, headers: { 'If-Match': '*' } })
	await call('ticket_put', 412, { json: { serial: 'RO600-24000101', model: 'RO600', priority: 3 }, headers: { 'If-Match': headers.etag } })
	await call('ticket_get', 200)
	await call('ticket_get', 304, { headers: { 'If-None-Match': (await call('ticket_get', 200)).headers.etag } })
	await call('tickets', 422, { query: 'model=NOSUCH' })
	await call('runs', 404, { query: 'ticket=NOSUCH' })
	for (const [id, json] of [['repair', { action: 'R01', by: 'li_na', parts: [{ part: 'pump-24v', oem: true }] }], ['acceptance', { attended: true, outcome: 'accepted', employee: 'E1' }],
		['callback', { outcome: 'satisfied' }], ['clarification', { note: 'which tap' }], ['beyond_repair', {}]]) {
		const headers = { 'Idempotency-Key': `story-${id}` }
		const one = await call(id, 201, { json, headers })
		const two = await call(id, 201, { json, headers })
		check(one.text === two.text, `${id}: the same key, the same bytes`, `${one.text}\n${two.text}`)
		await call(id, 422, { json: { ...json, confirm_personal_data: true, at: '2026-11-22T08:00:00Z', note: 'other' }, headers })
	}
	await call('repair', 409, { json: { action: 'R01', by: 'li_na', if_repair_seq: 77 } })
	await call('ticket_events', 200)
	await call('compare', 200)
	await call('dossier', 200)
	const insured = { reason: 'an insurer asks', ...feng }
	await call('hold', 404, { args: { serial: 'nothing' }, json: insured })
	await call('unhold', 404, { args: { serial: 'nothing' }, json: insured })
	await call('unhold', 409, { json: insured })
	await call('hold', 201, { json: insured })
	await call('hold', 409, { json: insured })
	await call('holds', 200)
	await call('hold', 422, { json: { reason: 'no', ...feng } })
	await call('unhold', 422, { json: { reason: 'no', ...feng } })
	check((await call('dossier', 200)).text.includes('an insurer asks'), 'dossier: the hold and its reason')
	await call('unhold', 201, { json: insured })
	await call('ticket_import', 201, { json: { tickets: [{ id: 'T-7001', serial: 'RO600-24000701', model: 'RO600' }] } })
}

async function release(call) {
	const leaving = { args: { ticket: 'T-9000' }, json: { repair_seq: 0 } }
	await call('claim', 201, { args: { ticket: 'T-9002' }, json: { station: 'elsewhere' } })
	await call('override', 404, { args: { ticket: 'nothing' }, json: { repair_seq: 0, reason: 'known good water', codes: [], ...wang } })
	await call('release', 200, { args: { ticket: 'T-9000' } })
	await call('verdict', 200, { args: { ticket: 'T-9000' } })
	await call('withdraw', 409, leaving.args && { args: leaving.args, json: { kind: 'recall', reason: 'none yet' } })
	const labelled = { args: { ticket: 'T-9000' }, json: {} }
	await call('ticket_label', 409, labelled)
	await call('release_post', 201, leaving)
	await call('ticket_label', 201, labelled)
	await call('ticket_label', 200, labelled)
	await call('release_post', 409, leaving)
	await call('withdraw', 201, { args: leaving.args, json: { kind: 'recall', reason: 'seal kit' } })
	// neither accepted nor to be mailed back: what a supervisor may lift
	await call('ticket_put', 200, { args: { ticket: 'T-9001' }, json: { serial: 'RO600-24000001', model: 'RO600', mail_back: false } })
	const word = { repair_seq: 0, reason: 'the owner stood beside it', codes: ['acceptance_missing'] }
	await call('override', 422, { args: { ticket: 'T-9001' }, json: { ...word, codes: ['simulated'], ...wang } })
	await call('override', 409, { args: { ticket: 'T-9001' }, json: { ...word, repair_seq: 9, ...wang } })
	await call('override', 201, { args: { ticket: 'T-9001' }, json: { ...word, ...wang } })
	await call('results', 409, { query: `cursor=1.${'0'.repeat(32)}.1.${'0'.repeat(64)}` })
}

async function people(call) {
	await call('person_put', 200, { args: { person: 'zhao' }, json: { roles: ['technician'], badge: 'B-21' } })
	await call('person_put', 409, { args: { person: 'qian' }, json: { roles: ['technician'], badge: 'B-21' } })
	await call('person_pin', 404, { args: { person: 'nobody' }, json: { pin: '9137' } })
	await call('person_pin', 200, { args: { person: 'zhao' }, json: { pin: '9137' } })
	await call('login', 403, { who: null, json: { person: 'wang', pin: '1111' } })
	const { json, headers } = await call('login', 201, { who: null, json: { person: 'wang', pin: '8215' } })
	const cookie = { Cookie: `benchd_session=${json.session}`, 'X-CSRF-Token': json.csrf }
	check(headers['set-cookie'][0].includes('HttpOnly; SameSite=Strict'), 'login: the cookie is for no script and no other site')
	await call('logout', 403, { who: null, headers: { Cookie: cookie.Cookie } })
	await call('logout', 200, { who: null, headers: cookie })
	await call('people', 401, { who: null, headers: cookie })
	await call('token_add', 201, { json: { name: 'erp', scopes: ['tickets'], expires: day(30) } })
	await call('token_add', 409, { json: { name: 'erp', scopes: ['tickets'], expires: day(30) } })
	await call('token_revoke', 200)
}

async function records(call) {
	const form = { channel: 'feed_pressure', reference: 'gauge', certificate: 'C-1', certificate_expires: day(300), tolerance: 0.1, as_found: [{ reference: 0.4, reading: 0.41 }], as_left: [{ reference: 0.4, reading: 0.4 }], gain: 1, offset: 0, uncertainty: 0.001, due: day(365) }
	await call('calibrate', 404, { args: { bay: '99' }, json: { ...form, ...li } })
	await call('calibrate', 422, { json: { ...form, gain: 9, ...li } })
	await call('calibrate', 201, { json: { ...form, ...li } })
	await call('profile_submit', 404, { args: { profile: 'nothing' }, json: li })
	await call('profile_submit', 409, { args: { profile: 'broken' }, json: li })
	const once = { args: { profile: 'ro600_full' }, headers: { 'Idempotency-Key': 'story-submit' } }
	await call('profile_submit', 201, { ...once, json: li })
	await call('profile_submit', 201, { ...once, json: li })
	await call('profile_submit', 422, { ...once, json: sun })
	await call('profile_approve', 409, { args: { profile: 'plate' }, json: sun })
	await call('profile_approve', 422, { args: { profile: 'ro600_full' }, json: { passes: 'perhaps', ...sun } })
	await call('profile_approve', 201, { args: { profile: 'ro600_full' }, json: sun })
	await call('device_accept', 404, { args: { device: 'nothing' }, json: { reason: 'a new board', ...wang } })
	await call('device_accept', 409, { json: { reason: 'a new board', ...wang } })
	await call('device_accept', 422, { json: { reason: 'x', ...wang } })
	await call('backup_make', 202)
	return form
}

async function run(call, form) {
	const look = async id => JSON.parse((await send({ method: 'GET', path: `/api/v1/runs/${id}`, headers: bearer('admin') })).text)
	await call('run_start', 403, { json: quick })
	await call('duty_begin', 200, { json: { person: 'li_na', pin: '4711' } })
	await call('duty_end', 200)
	await call('duty_begin', 200, { json: { person: 'li_na', pin: '4711' } })
	await call('duty_begin', 404, { args: { bay: '99' }, json: { person: 'li_na', pin: '4711' } })
	await call('run_start', 404, { json: { ...quick, ticket: 'T-404' } })
	await call('run_start', 409, { json: { ...quick, serial: 'RO600-24000199' } })
	await call('run_start', 422, { json: { ...quick, bay: 1 } })
	const { json } = await call('run_start', 201, { json: quick })
	const at = { args: { run: json.run } }
	await call('run_start', 409, { json: quick })
	await call('calibrate', 409, { json: { ...form, ...li } })
	await call('duty_begin', 409, { json: { person: 'sun', pin: '6604' } })
	await call('duty_end', 409)
	await call('run_void', 409, { ...at, json: { reason: 'rig', note: 'it goes on', ...sun } })
	await until('the plate is asked for', async () => (await look(json.run)).prompt?.id === 'serial')
	await call('run_get', 200, at)
	await call('run_trace', 409, at)
	await call('run_answer', 412, { ...at, json: { prompt: 'serial', answer: 'RO600-24000199' } })
	await call('run_answer', 202, { ...at, json: { prompt: 'serial', answer: quick.serial } })
	await call('run_answer', 200, { ...at, json: { prompt: 'serial', answer: quick.serial } })
	await until('soundness is asked for', async () => (await look(json.run)).prompt?.id === 'visual_ok')
	await call('run_answer', 422, { ...at, json: { prompt: 'visual_ok', answer: 'perhaps' } })
	await call('run_abort', 202, at)
	await until('the run ends', async () => (await look(json.run)).verdict === 'aborted')
	await call('run_get', 200, at)
	await call('run_answer', 409, { ...at, json: { answer: 'yes' } })
	await call('run_abort', 409, at)
	await call('run_trace', 200, at)
	await call('run_trace', 200, { ...at, query: 'format=json' })
	await call('run_note', 201, { ...at, json: { note: 'hose was loose' } })
	await call('run_events', 200, at)
	await call('run_label', 422, { ...at, json: { copies: 6 } })
	const once = { ...at, json: { copies: 1 }, headers: { 'Idempotency-Key': 'story-label' } }
	const one = await call('run_label', 201, once)
	check(one.text === (await call('run_label', 201, once)).text, 'run_label: the same key, the same bytes')
	await call('run_label', 200, { ...at, json: { bay: '1' } })
	await call('run_void', 404, { args: { run: 'nothing' }, json: { reason: 'rig', note: 'hose', ...sun } })
	await call('run_void', 422, { ...at, json: { reason: 'weather', note: 'hose', ...sun } })
	await call('run_void', 201, { ...at, json: { reason: 'rig', note: 'hose was loose', ...sun } })
	await call('run_void', 409, { ...at, json: { reason: 'rig', note: 'hose was loose', ...sun } })
	await call('run_label', 409, { ...at, json: { again: true } })
	return { run: json.run }
}

async function bays(call) {
	const state = async wanted => JSON.parse((await send({ method: 'GET', path: '/api/v1/bays/1', headers: bearer('admin') })).text).state === wanted
	await until('the bay is ready again', () => state('ready'))
	await call('bay_reset', 409)
	await call('bay_stop', 202)
	await until('and ready after a stop', () => state('ready'))
	simctl('estop', 'on')
	await until('the E-stop trips it', () => state('tripped'))
	await call('bay_reset', 409)
	simctl('estop', 'off')
	const released = async () => !JSON.parse((await send({ method: 'GET', path: '/api/v1/bays/1', headers: bearer('admin') })).text).values.find(v => v.channel === 'estop').value
	await until('the E-stop is released', released)
	await call('bay_reset', 202)
}

// The other machine of a webhook: it takes what comes, refuses it, or is not there.
async function webhooks(call) {
	let answer = 204
	const other = createServer((rq, rs) => rq.resume().on('end', () => rs.writeHead(answer).end()))
	const hook = async () => JSON.parse((await send({ method: 'GET', path: '/api/v1/webhooks', headers: bearer('admin') })).text).webhooks[0]
	chmodSync(process.env.API_HOOK_KEY, 0o644) // a secret that others may read
	await call('webhook_test', 409)
	chmodSync(process.env.API_HOOK_KEY, 0o600)
	await new Promise(done => other.listen(Number(process.env.API_HOOK_PORT), '127.0.0.1', done))
	await until('all is delivered', async () => (await hook()).state === 'idle')
	await call('webhook_test', 200)
	answer = 410
	await call('ticket_put', 201, { args: { ticket: 'T-7777' }, json: { serial: 'RO600-24000777', model: 'RO600' } })
	await until('410 ends it', async () => (await hook()).state === 'disabled')
	answer = 400
	await call('webhook_enable', 202)
	await until('what is refused is given up', async () => (await hook()).dead > 0)
	answer = 204
	await call('webhook_dead', 200)
	await call('webhook_resend', 202, { json: {} })
	await call('webhook_resend', 422, { json: { seq: 'x' } })
	other.close()
	other.closeAllConnections?.()
}

// What is older than the other station keeps; a consumer that begins anew misses nothing by that.
async function pruned(call, alone) {
	const run = n => ({ ...alone, args: { run: `00000000-0000-4000-8000-0000000000${n}` } })
	const gone = await call('run_trace', 410, run('07'))
	check(gone.json.pruned.rule === 'store.keep_traces_days: 1095', 'run_trace: the rule', gone.text)
	const record = await send({ method: 'GET', path: `/api/v1/runs/${run('07').args.run}`, headers: bearer(alone.who), at: alone.at })
	check(JSON.parse(record.text).trace_sha256 === gone.json.pruned.trace_sha256, 'run_trace: the record keeps the hash of what went')
	const kept = await call('run_trace', 200, run('08'))
	check(kept.text.split('\r\n')[1] === '0,feed_flow,1000,1.5,L/min,good,0', 'run_trace: a reading', kept.text.slice(0, 200))
	const feed = await call('results', 410, alone)
	check(feed.json.snapshot === '/api/v1/snapshot', 'results: where to begin instead', feed.text)
	const first = await call('snapshot', 200, { ...alone, query: 'limit=20' })
	check(first.json.tickets.length === 20 && !first.json.complete, 'snapshot: a page')
	// what changes between the pages comes behind the cursor
	await call('ticket_put', 201, { ...alone, args: { ticket: 'T-7999' }, json: { serial: 'RO600-24000799', model: 'RO600' } })
	const second = await call('snapshot', 200, { ...alone, query: `limit=20&after=${first.json.after}&cursor=${first.json.cursor}` })
	check(second.json.complete && second.json.cursor === first.json.cursor, 'snapshot: the last page, the first cursor', second.text)
	const ids = [...first.json.tickets, ...second.json.tickets].map(t => t.verdict.ticket)
	check(ids.length === 30 && ids.every((id, i) => id === `T-${8000 + i}`), 'snapshot: every ticket once', ids.join())
	check(first.json.tickets.every(t => t.state === 'tested' && t.verdict.verdict === 'pass'), 'snapshot: their states and verdicts')
	const next = await call('results', 200, { ...alone, query: `cursor=${first.json.cursor}` })
	check(next.json.items.length === 1 && next.json.items[0].ticket === 'T-7999', 'results: behind the snapshot what came since', next.text)
}

export async function story(call) {
	await tickets(call)
	await release(call)
	await people(call)
	const made = await run(call, await records(call))
	await bays(call)
	await webhooks(call)
	// another station, without a second place; then its benchd is gone
	const alone = { who: process.env.API_ALONE_TOKEN, at: Number(process.env.API_PORT_ALONE) }
	await call('backup_make', 409, alone)
	await pruned(call, alone)
	process.kill(Number(process.env.API_ALONE_PID), 'SIGTERM')
	await until('its benchd-web tells', async () => (await send({ method: 'GET', path: '/api/v1/bays', headers: bearer(alone.who), at: alone.at })).status === 503)
	return made
}
