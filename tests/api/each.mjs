// SPDX-License-Identifier: MIT
// Every operation of docs/openapi.json and every status of it, asked of a running station: what can be
// made from the document alone is made from it; what needs a state of the station is in `story`.
// A status that is described and was never seen is a failure, and so is an answer that is not as described.
import { byId, check, doc, fill, finish, judge, operations, raw, resolve, send, bearer } from './lib.mjs'
import { story } from './story.mjs'

const seen = new Set()
let made = {} // path arguments that stand for something here
export async function call(id, status, { who = 'admin', args, query, headers = {}, body, json, at, first } = {}) {
	const op = byId[id]
	if (json !== undefined) body = JSON.stringify(json)
	const rs = await send({
		method: op.method, path: fill(op, { ...made, ...args }, query), at, first: first ?? id === 'events',
		headers: { ...bearer(who), ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }), ...headers },
		body,
	})
	const wrong = rs.status === status ? judge(op, rs) : `status ${rs.status}, expected ${status}`
	if (!wrong) seen.add(`${id} ${status}`)
	check(!wrong, `${id}: ${status}${query ? ' ?' + query : ''}`, `${wrong}\n${rs.text}`)
	try { rs.json = JSON.parse(rs.text) } catch { rs.json = {} }
	return rs
}

const words = { technician: 'run', supervisor: 'run', service: 'tickets', admin: 'admin', reader: 'read' }
// Somebody known who may not ask this; undefined when everybody known may.
const stranger = op => ['read', 'tickets', 'run', 'admin'].find(t => !op.roles.includes('anybody') && !op.roles.some(r => words[r] === t && r !== 'supervisor'))
const example = op => op.body && { json: op.body.example ?? {} }
const exhausted = { person: 'exhausted', pin: '0000' }

const generic = {
	200: op => op.method === 'GET' && call(op.id, 200),
	304: async op => {
		const { headers } = await call(op.id, 200)
		return call(op.id, 304, { headers: { 'If-None-Match': headers.etag } })
	},
	400: op => call(op.id, 400, { ...example(op), query: 'nosuch=1' }),
	401: op => call(op.id, 401, { ...example(op), who: null }),
	403: op => (stranger(op) ? call(op.id, 403, { ...example(op), who: stranger(op) })
		: call(op.id, 403, { ...example(op), headers: { Origin: 'http://evil.example' } })),
	404: op => {
		const name = op.parameters.find(p => p.in === 'path')?.name
		// who signs comes first: the story has those
		const needs = op.id === 'duty_begin' || (op.body && resolve(op.body.schema).required?.includes('sign'))
		return name && !needs && call(op.id, 404, { ...example(op), args: { [name]: 'nothing' } })
	},
	413: op => call(op.id, 413, { body: JSON.stringify('x'.repeat(70000)) }),
	415: op => call(op.id, 415, { body: '{}', headers: { 'Content-Type': 'text/plain' } }),
	422: async op => {
		if (!op.body || op['x-benchd'].signs.length || op.id === 'run_answer') return
		for (const body of ['', '[]', '{"a":1,"a":2}', '{"nosuch":1}', '{"x":NaN}', '{"x":"\\u0000"}'])
			await call(op.id, 422, { body })
	},
	429: op => call(op.id, 429, { json: op.id === 'login' || op.id === 'duty_begin' ? exhausted : { ...op.body.example, sign: exhausted } }),
}

async function fromTheDocument() {
	for (let i = 0; i < 10; i++) await send({ method: 'POST', path: '/api/v1/sessions', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(exhausted) })
	for (const op of operations)
		for (const status of Object.keys(op.responses))
			if (generic[status]) await generic[status](op)
	for (const op of operations)
		for (const p of op.parameters.filter(p => p.in === 'query')) await eachParameter(op, p)
}

// Its example is taken; beyond its range it is not, twice it is not, and the answer names it.
async function eachParameter(op, p) {
	const schema = resolve(p.schema)
	const good = schema.enum ?? [p.example ?? made[p['x-of']] ?? (schema.pattern ? '2026-01-01T00:00:00Z' : schema.minimum ?? 'x')]
	const word = v => `${p.name}=${encodeURIComponent(v)}`
	const bad = [word(schema.enum ? 'nosuch' : schema.type === 'integer' ? 'x' : schema.pattern ? 'tomorrow' : 'y'.repeat(schema.maxLength + 1))]
	if (schema.minimum !== undefined) bad.push(word(schema.minimum - 1))
	if (schema.maximum < 2 ** 53) bad.push(word(schema.maximum + 1))
	for (const v of good) await call(op.id, 200, { query: word(v) })
	bad.push(`${word(good[0])}&${word(good[0])}`, `${p.name}=%00`, `${p.name}=%f`)
	for (const query of bad) {
		const { json } = await call(op.id, 400, { query })
		check(json.errors?.[0].parameter === p.name, `${op.id}: the answer names ?${p.name}=`, JSON.stringify(json))
	}
}

// What the front answers to any request, on raw bytes.
const H = 'Host: localhost\r\n'
const front = {
	400: `GET /healthz HTTP/1.1\r\n${H}${H}\r\n`,
	401: `GET /api/v1/bays HTTP/1.1\r\n${H}\r\n`,
	403: `GET /healthz HTTP/1.1\r\n${H}Origin: http://evil.example\r\n\r\n`,
	404: `GET /api/v1/nothing HTTP/1.1\r\n${H}Authorization: Bearer TOKEN\r\n\r\n`,
	405: `DELETE /api/v1/bays HTTP/1.1\r\n${H}Authorization: Bearer TOKEN\r\n\r\n`,
	411: `POST /api/v1/bays/1/stop HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`,
	413: `POST /api/v1/bays/1/stop HTTP/1.1\r\n${H}Authorization: Bearer TOKEN\r\nContent-Length: 65537\r\n\r\n`,
	414: `GET /${'x'.repeat(1100)} HTTP/1.1\r\n${H}\r\n`,
	415: `POST /api/v1/bays/1/stop HTTP/1.1\r\n${H}Authorization: Bearer TOKEN\r\nContent-Length: 2\r\n\r\n{}`,
	417: `GET /healthz HTTP/1.1\r\n${H}Expect: more\r\n\r\n`,
	421: 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n',
	431: `GET /healthz HTTP/1.1\r\n${H}X: ${'x'.repeat(20000)}\r\n\r\n`,
	505: `GET /healthz HTTP/1.2\r\n${H}\r\n`,
}
async function atTheFront(extra) {
	const statuses = doc.components.responses.Front['x-statuses']
	for (const status of statuses) {
		if (extra[status]) {
			await extra[status]()
			continue
		}
		const text = await raw(front[status].replace('TOKEN', process.env.API_STATION))
		const [head, body] = text.split('\r\n\r\n')
		const rs = { status: Number(head.split(' ')[1]), text: body, headers: { 'content-type': /content-type: (.*)/i.exec(head)?.[1] } }
		const wrong = rs.status === status ? judge({ responses: { default: doc.components.responses.Front } }, rs) : `status ${rs.status}`
		check(!wrong, `any request: ${status}`, `${wrong}\n${text}`)
	}
}

// Without benchd every operation that needs it says so.
async function gone() {
	for (const op of operations.filter(op => op['x-benchd']))
		await call(op.id, 503, { ...example(op), at: Number(process.env.API_PORT_ALONE) })
}
made = await story(call)
await fromTheDocument()
await atTheFront({
	503: gone,
	408: () => {}, // takes its 10 s: tests/unit/test_serve_limits.c has it with shorter waits
	504: () => {}, // takes its 15 s: there, too
})
// What takes a state that another script makes.
const elsewhere = { 'ticket_import 409': 'two at once under one key: tests/system/test_once.sh', 'device_accept 200': 'tests/system/test_devices.sh', 'export 422': 'a table beyond 56 MiB' }
for (const op of operations)
	for (const status of Object.keys(op.responses))
		if (status !== 'default' && !elsewhere[`${op.id} ${status}`] && !seen.has(`${op.id} ${status}`)) check(false, `${op.id}: ${status} is described and was never seen`)
check(seen.size > 400, `${seen.size} pairs of operation and status were seen`)
finish()
