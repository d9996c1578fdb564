// SPDX-License-Identifier: MIT
// What the programs here share: the document, requests that are recorded against it, validation.
// The station's address and tokens come from the environment (tests/system/test_api.sh).
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { createRequire } from 'node:module'

export const doc = JSON.parse(fs.readFileSync('docs/openapi.json', 'utf8'))
export const port = Number(process.env.API_PORT)
export const tokens = JSON.parse(process.env.API_TOKENS || '{}')
const require = createRequire(process.env.API_MODULES + '/')

// ---- TAP
let count = 0
let failed = 0
export function check(ok, name, detail = '') {
	count++
	if (!ok) failed++
	console.log(`${ok ? 'ok' : 'not ok'} ${count} - ${name}`)
	if (!ok && detail) console.log(String(detail).slice(0, 2000).replace(/^/gm, '# '))
}
export function finish() {
	console.log(`1..${count}`)
	process.exitCode = failed ? 1 : 0
}

// ---- the document
export function resolve(o) {
	if (!o?.$ref) return o
	return resolve(o.$ref.split('/').slice(1).reduce((at, key) => at[key], doc))
}
export const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
	Object.entries(item).filter(([m]) => /^(get|put|post|delete|patch)$/.test(m)).map(([method, op]) => ({
		...op, id: op.operationId, method: method.toUpperCase(), path,
		base: item.servers ? '' : doc.servers[0].url,
		parameters: (op.parameters || []).map(resolve),
		body: op.requestBody?.content['application/json'],
		roles: op['x-benchd']?.roles || ['anybody'],
	})))
export const byId = Object.fromEntries(operations.map(op => [op.id, op]))

// Answers must hold no member that is not described: what clients skip, the tests do not.
function closed(schema) {
	if (Array.isArray(schema)) return schema.map(closed)
	if (!schema || typeof schema !== 'object') return schema
	const out = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, closed(v)]))
	if (out.properties && out.additionalProperties === undefined && out.type) out.additionalProperties = false
	return out
}
const Ajv = require('ajv/dist/2020').default
export function validators(strictAnswers) {
	const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
	ajv.addSchema({ $id: 'doc', components: { schemas: strictAnswers ? closed(doc.components.schemas) : doc.components.schemas } })
	const known = new Map()
	return schema => {
		if (!known.has(schema)) {
			const text = JSON.stringify(strictAnswers ? closed(schema) : schema)
			known.set(schema, ajv.compile(JSON.parse(text.replaceAll('"#/components', '"doc#/components'))))
		}
		return known.get(schema)
	}
}
const answers = validators(true)

// ---- requests
export function send({ method, path, headers = {}, body, at = port, from, timeout = 10000, first = false }) {
	return new Promise((done, fail) => {
		const rq = http.request({ host: '127.0.0.1', port: at, localAddress: from, method, path, headers, timeout, agent: false }, rs => {
			const parts = []
			const end = () => done({ status: rs.statusCode, headers: rs.headers, text: Buffer.concat(parts).toString() })
			rs.on('data', d => {
				parts.push(d)
				if (first) { end(); rq.destroy() }
			})
			rs.on('end', end)
			rs.on('error', fail)
		})
		rq.on('timeout', () => rq.destroy(new Error(`no answer within ${timeout} ms`)))
		rq.on('error', fail)
		rq.end(body)
	})
}
// Raw bytes; all that comes back until the server closes.
export function raw(bytes, { at = port, timeout = 5000 } = {}) {
	return new Promise((done, fail) => {
		let text = ''
		const s = net.connect(at, '127.0.0.1', () => s.write(bytes))
		s.setTimeout(timeout, () => { s.destroy(); done(text) })
		s.on('data', d => { text += d })
		s.on('close', () => done(text))
		s.on('error', e => (text ? done(text) : fail(e)))
	})
}
export function fill(op, args = {}, query) {
	const at = name => args[name] ?? op.parameters.find(p => p.in === 'path' && p.name === name)?.example
	const path = op.base + op.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(at(name)))
	return query ? `${path}?${query}` : path
}
export const bearer = who => (who ? { Authorization: `Bearer ${tokens[who] ?? who}` } : {})

// What is wrong with this answer, by the document; '' when nothing is.
export function judge(op, rs) {
	const declared = op.responses[rs.status]
	const any = resolve(op.responses.default)
	if (!declared && !any['x-statuses'].includes(rs.status)) return `status ${rs.status} is not described`
	const response = resolve(declared ?? op.responses.default)
	const type = (rs.headers['content-type'] || '').split(';')[0]
	if (!response.content) return rs.text === '' ? '' : 'a body where none is described'
	const content = response.content[type]
	if (!content) return `Content-Type ${type} is not described`
	if (!type.endsWith('json')) return ''
	let value
	try { value = JSON.parse(rs.text) } catch (e) { return `no JSON: ${e.message}` }
	const valid = answers(content.schema)
	if (!valid(value)) return valid.errors.slice(0, 4).map(e => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`).join('\n')
	if (type.includes('problem') && value.status !== rs.status) return 'the problem names another status'
	return leak(rs.text)
}
// No path of the machine, no SQL, no stack in what clients read of a mistake.
export function leak(text) {
	if (!text.includes('urn:benchd:problem')) return ''
	text = text.replaceAll('../../etc/', '') // what was asked for may be named, also where it was cut off
	const found = /(\/tmp\/|\/var\/|\/etc\/|\/usr\/|\/root|\/home\/|\.c:\d|sqlite|SELECT |INSERT |\bat 0x|errno|benchd\.db)/i.exec(text)
	return found ? `it tells of the inside: ${found[0]}` : ''
}
