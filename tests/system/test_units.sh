# SPDX-License-Identifier: MIT
# builds: only to install
# What `make install` puts in place: pages whose links lead somewhere, and the systemd units: well-formed, and as closed as they were.
. tests/system/lib.sh
# A link of a page leads to a file that is installed. So does the name of a file of the source tree, unless its line or the page's
# head says that it is one.
linked() { # ROOT
	python3 - "$1" <<'END'
import os, re, sys
root = sys.argv[1]
docs = next(d for d, _, f in os.walk(root) if "README.zh-CN.md" in f and d.endswith("/doc/benchd"))
installed = {f for _, _, files in os.walk(root) for f in files}
links = names = 0
bad = []
for folder, _, files in os.walk(docs):
    for page in files:
        if not page.endswith(".md"):
            continue
        text = open(os.path.join(folder, page), encoding="utf-8").read()
        here = os.path.relpath(os.path.join(folder, page), docs)
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            links += 1
            if not os.path.exists(os.path.join(folder, target)):
                bad.append(here + ": dead link " + target)
        if "the source tree" in "".join(text.splitlines(True)[:4]):
            continue
        for line in text.splitlines():
            for word in re.findall(r"(?:[\w-]+/)*[\w-]+\.(?:md|c|h|sh|yaml|json|conf|rules|service)\b", line):
                ours = [p for p in (word, os.path.join(os.path.dirname(here), word)) if os.path.exists(p)]
                names += bool(ours)
                there = any(os.path.exists(os.path.join(docs, p)) for p in ours)
                if not word.endswith(".md"): # programs' data lies in folders of their own
                    there = there or os.path.basename(word) in installed
                if ours and not there and "source tree" not in line and "源码树" not in line:
                    bad.append(here + ": names " + word + ", which is not installed")
print("\n".join(bad), links, "links,", names, "names")
sys.exit(bool(bad) or links < 8 or names < 20)
END
}
# What is built is installed, by the flags it was built with: nothing is built beside other tests.
grep -q -e -Werror "build/$VARIANT/flags" && werror=WERROR=1
umask 077
check "make install" "${MAKE:-make}" -s -o all VARIANT="$VARIANT" ${werror:+$werror} install DESTDIR="$WORK/root"
umask 022
check "whoever installs it, all can read it" is "" find "$WORK/root" ! -type l \( -type d ! -perm -555 -o -type f ! -perm -444 \)
check "every link and file name of the installed pages leads to a file that is installed" linked "$WORK/root"
if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze is not installed"
	finish
fi
HERE=$PWD
mkdir "$WORK/units"
for u in systemd/*.service; do
	# the programs themselves need not be installed
	sed -e 's|@sbindir@/benchd[a-z-]*|/bin/true|; s|@sysconfdir@|/etc/benchd|g; s|@docdir@|/usr/share/doc/benchd|g' "$u" \
		>"$WORK/units/$(basename "$u")"
done
cd "$WORK/units" || exit 1
silent() { # COMMAND...: it succeeds and has nothing to say of our units
	"$@" >"$WORK/said" 2>&1
	silent_code=$?
	! grep -F "$WORK" "$WORK/said" && [ $silent_code = 0 ]
}
exposed() { # UNIT TENTHS: systemd's own score is no worse
	systemd-analyze security --offline=true --no-pager --threshold="$2" "./$1"
}
check "they are well-formed" silent systemd-analyze verify --man=no ./benchd.service ./benchd-web.service ./benchd-io@.service
check "benchd: exposure at most 0.7" exposed benchd.service 7
check "benchd-web: at most 1.3" exposed benchd-web.service 13
check "benchd-io: at most 2.0" exposed benchd-io@.service 20
check "benchd-web is a user of its own" grep -qx User=benchd-web benchd-web.service
# Debian's unit of nginx and what we add to it, as one file: systemd's own score counts no drop-in of a file elsewhere.
if [ -e /lib/systemd/system/nginx.service ]; then
	cat /lib/systemd/system/nginx.service "$HERE/systemd/nginx-hardening.conf" >nginx.service
	check "nginx with its sandbox: at most 2.9" exposed nginx.service 29
	check "which is well-formed" silent systemd-analyze verify --man=no ./nginx.service
else
	skip "nginx is not installed"
fi
cd "$WORK" || exit 1
finish
