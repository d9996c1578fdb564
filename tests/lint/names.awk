# SPDX-License-Identifier: MIT
# The rules of names.sh. In: names.txt (exceptions, may be empty), then the tags of ctags, tab-separated:
# kind, name, file, first line, last line, type, signature; then a list of files, one a line. Out: TAP.
BEGIN {
	FS = "\t"
	SNAKE = "^[a-z][a-z0-9_]*$"
	UPPER = "^[A-Z][A-Z0-9_]*$"
	FAULTS = "^([A-Z][0-9]+_((to|and)_)?)+" # rows of tests/faults.md that a test holds, before its sentence
	split("functions variables tags constants length prefix unique called sentence file guard shell exception", rules, " ")
	title["functions"] = "functions are snake_case"
	title["variables"] = "variables and members are snake_case, constants may be UPPER_CASE"
	title["tags"] = "tags of structs, enums and unions are snake_case"
	title["constants"] = "macros and enum constants are UPPER_CASE"
	title["length"] = "no function is longer than 80 lines"
	title["prefix"] = "a function of include/ begins with the word of its header, layer, source file or struct"
	title["unique"] = "a function that the linker sees is defined once"
	title["called"] = "a function that the linker sees is called"
	title["sentence"] = "a test's name is a sentence of three words or more"
	title["file"] = "file names are lower case with underscores"
	title["guard"] = "a header's guard is its path"
	title["shell"] = "shell functions are snake_case"
	title["exception"] = "every exception of tests/lint/names.txt is needed"
}

function bad(rule, where, said) {
	found[rule] = found[rule] "# " where ": " said "\n"
}
function excepted(rule, what) {
	if (!((rule, what) in allowed)) return 0
	needed[rule, what] = 1
	return 1
}
function case_of(rule, wanted, form) {
	if ($2 !~ form && $2 !~ /^__anon/ && !excepted(rule, $2)) bad(rule, $3 ":" $4, $2 " should be " wanted)
}
function first_word(name) {
	sub(/_.*/, "", name)
	return name
}
function stem(path) {
	sub(/.*\//, "", path)
	sub(/\.[a-z]+$/, "", path)
	return path
}
function same_word(a, b) { # bay, bays
	return a == b || a == b "s" || a "s" == b
}
function is_test() {
	return $3 ~ /^tests\// && $6 == "typename:void" && $7 ~ /^\(void ?\* ?\* ?[a-z_]+\)$/
}

FILENAME == ARGV[1] {
	if ($0 ~ /^#/ || $0 == "") next
	if ($1 == "" || $2 == "" || $3 == "" || !($1 in title)) {
		bad("exception", "tests/lint/names.txt:" FNR, "should be RULE, NAME and REASON with tabs between")
		next
	}
	allowed[$1, $2] = FNR
	next
}
FILENAME == ARGV[3] { check_file($1); next }

$3 ~ /\.sh$/ { if ($1 == "function" && $2 ~ /^[A-Za-z_]/) case_of("shell", "snake_case", SNAKE); next }
$1 == "function" && is_test() {
	sentence = $2
	sub(FAULTS, "", sentence)
	if (sentence !~ /^[a-z0-9]+(_[A-Za-z0-9]+)(_[A-Za-z0-9]+)+$/ || sentence ~ /[A-Z]/)
		bad("sentence", $3 ":" $4, $2 " should be a sentence in snake_case, three words or more")
}
$1 == "function" || $1 == "prototype" { if (!is_test()) case_of("functions", "snake_case", SNAKE) }
$1 == "function" && $5 - $4 + 1 > 80 { bad("length", $3 ":" $4, $2 " has " $5 - $4 + 1 " lines, 80 are allowed: split it") }
$1 == "function" && $8 != "file" && $3 ~ /^(src|drivers)\// {
	if ($2 in defined && $2 != "main") bad("unique", $3 ":" $4, $2 " is defined in " defined[$2] " too")
	defined[$2] = $3
	defined_at[$2] = $3 ":" $4
}
$1 == "function" || $1 == "prototype" { declared[$2, $3, $4] = 1 }
$1 == "prototype" && $3 ~ /^include\// { n_public++; public[n_public] = $2; public_at[n_public] = $3 ":" $4; public_in[n_public] = $3 }
$1 == "struct" || $1 == "enum" || $1 == "union" { case_of("tags", "snake_case", SNAKE); declares[$3] = declares[$3] " " first_word($2) }
$1 == "local" || $1 == "parameter" || $1 == "member" { case_of("variables", "snake_case", SNAKE) }
$1 == "variable" || $1 == "externvar" {
	if ($6 !~ /const/) case_of("variables", "snake_case: it is no constant", SNAKE)
	else if ($2 !~ UPPER) case_of("variables", "snake_case or UPPER_CASE", SNAKE)
}
$1 == "macro" || $1 == "enumerator" { case_of("constants", "UPPER_CASE", UPPER) }

function count_calls(path, line, words, at, n, i) { # a mention in a comment is none
	while ((getline line <path) > 0) {
		at++
		if (line ~ /^\t*( \*|\/\*)/) continue
		n = split(line, words, /[^A-Za-z0-9_]+/)
		for (i = 1; i <= n; i++)
			if (words[i] in defined && !((words[i], path, at) in declared)) is_called[words[i]] = 1
	}
	close(path)
}
function check_file(path, name, guard, line, words) {
	if (path ~ /\.[ch]$/) count_calls(path)
	name = stem(path)
	if (name !~ SNAKE && !excepted("file", path)) bad("file", path ":1", "should be lower case with underscores")
	if (path ~ /^tests\/(unit|replay|dst)\/.*\.c$/ || path ~ /^tests\/system\/.*\.sh$/) check_program(path, name)
	if (path !~ /\.h$/ || path ~ /^tests\/fake\/gpiod_v2\//) return
	guard = path
	sub(/^(include|src)\//, "", guard)
	gsub(/[\/.]/, "_", guard)
	guard = toupper(guard)
	while ((getline line <path) > 0)
		if (line ~ /^#/) break
	close(path)
	split(line, words, " ")
	if ((words[1] != "#ifndef" || words[2] != guard) && !excepted("guard", path))
		bad("guard", path ":1", "should begin with #ifndef " guard)
}
function check_program(path, name, line) { # a program is called test_x, what programs share is not
	while ((getline line <path) > 0)
		if (line ~ /^int main\(/) {
			if (name !~ /^test_/) bad("file", path ":1", "is a test program: should be test_" name)
			break
		}
	close(path)
}
function check_prefix(i, name, word, words, n, k, path, layer) {
	name = public[i]
	path = public_in[i]
	word = first_word(name)
	layer = path
	sub(/^include\//, "", layer)
	n = split(declares[path] " " first_word(stem(layer)) " " first_word(stem(defined[name])), words, " ")
	sub(/\.h$/, "", layer)
	words[++n] = substr(layer, 1, index(layer, "/") - 1)
	for (k = 1; k <= n; k++)
		if (same_word(word, words[k])) return
	if (!excepted("prefix", layer " " word))
		bad("prefix", public_at[i], name " should begin with " first_word(stem(path)) "_ (header), " words[n] "_ (layer), the name of its source file or of a struct of the header")
}
END {
	for (i = 1; i <= n_public; i++) check_prefix(i)
	for (name in defined_at) if (name != "main" && !(name in is_called))
		bad("called", defined_at[name], "nobody calls " name ": delete it")
	for (key in allowed) if (!(key in needed)) {
		split(key, words, SUBSEP)
		bad("exception", "tests/lint/names.txt:" allowed[key], words[2] " needs no exception any more: delete the line")
	}
	for (i = 1; i in rules; i++) {
		printf "%s %d - %s\n", found[rules[i]] == "" ? "ok" : "not ok", i, title[rules[i]]
		printf "%s", found[rules[i]]
		if (found[rules[i]] != "") failed = 1
	}
	exit failed
}
