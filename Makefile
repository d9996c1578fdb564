# SPDX-License-Identifier: MIT
#
# benchd: controller of a water-purifier repair depot's QC test station.
#
#   make            build/release/{benchd,benchd-io,benchd-web,benchctl,benchsim}
#   make help       every target
#
# Knobs: CC CFLAGS LDFLAGS prefix DESTDIR V=1 VARIANT=release|asan|tsan|coverage WERROR=1

prefix      ?= /usr/local
sbindir     ?= $(prefix)/sbin
bindir      ?= $(prefix)/bin
datadir     ?= $(prefix)/share/benchd
docdir      ?= $(prefix)/share/doc/benchd
sysconfdir  ?= /etc/benchd
unitdir     ?= /lib/systemd/system
sysusersdir ?= /usr/lib/sysusers.d
udevdir     ?= /lib/udev/rules.d
DESTDIR     ?=
VARIANT     ?= release
# The sanitizers: what they report has to name its line, and they are built for each check.
CFLAGS      ?= $(if $(filter asan tsan,$(VARIANT)),-O1 -g1,-O2 -g)
LDFLAGS     ?=

B := build/$(VARIANT)

# One build for the tests under this sanitizer and for the fuzzers, which are clang's libFuzzer.
ifeq ($(VARIANT),asan)
override CC := clang
endif

PKGS := libmodbus libserialport libgpiod sqlite3 libsystemd libmicrohttpd libcurl jansson yaml-0.1 libsodium libzstd
PKG_CONFIG ?= pkg-config
ifneq ($(filter-out deps clean help dist,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
GPIOD      := $(shell $(PKG_CONFIG) --modversion libgpiod 2>/dev/null)
# These install what is missing before they come back here.
ifneq ($(filter-out deps deps-check check demo clean help dist,$(or $(MAKECMDGOALS),all)),)
PKG_MISSING := $(strip $(foreach p,$(PKGS),$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null || echo $(p))))
$(if $(PKG_MISSING),$(error pkg-config finds no $(PKG_MISSING); `make deps` installs what is missing from Debian))
endif
endif
# The twin that is not for the libgpiod of this machine.
GPIOD_OTHER := src/bus/$(if $(filter 1.%,$(GPIOD)),gpiod_v2,gpiod_v1).c

VERSION := $(shell cat VERSION 2>/dev/null || echo 0)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wswitch-enum -Wdouble-promotion -Wnull-dereference \
	-Wimplicit-fallthrough
HARDEN := -fstack-protector-strong -fno-strict-aliasing -fPIE
ifeq ($(VARIANT),release)
HARDEN += -D_FORTIFY_SOURCE=2
endif
PROJECT_CFLAGS := -std=c11 -D_GNU_SOURCE -Iinclude -I. $(WARN) $(HARDEN) -ffp-contract=off \
	-DBENCHD_VERSION='"$(VERSION)"' -DBENCHD_DATADIR='"$(datadir)"' $(PKG_CFLAGS)
PROJECT_LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread
ifdef WERROR
PROJECT_CFLAGS += -Werror
endif
SAN_asan     := -DSANITIZED -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_tsan     := -DSANITIZED -fsanitize=thread -fno-omit-frame-pointer
SAN_coverage := --coverage
SAN := $(SAN_$(VARIANT))

ifndef V
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
else
say = @:
endif

# Tests name what they need of tests/fake in a comment line " * links: tests/fake/x.c".
#
# Layers, lowest first. A program is one main in src/ linked with these archives.
LAYERS   := base link plan bus rig run store ticket station serve sim ctl
PROGRAMS := benchd benchd-io benchd-web benchctl benchsim

layer_src = $(filter-out $(GPIOD_OTHER),$(wildcard src/$(1)/*.c)) $(if $(filter rig,$(1)),$(wildcard drivers/*.c))
layer_obj = $(patsubst %.c,$(B)/obj/%.o,$(call layer_src,$(1)))
LIBS      := $(foreach l,$(LAYERS),$(if $(call layer_src,$(l)),$(B)/lib/lib$(l).a))
BINS      := $(foreach p,$(PROGRAMS),$(if $(wildcard src/$(p).c),$(B)/$(p)))

all: $(BINS)

# A change of flags rebuilds everything.
STAMP := $(B)/flags
flags_now := $(CC) $(CFLAGS) $(PROJECT_CFLAGS) $(SAN) $(LDFLAGS)
$(shell mkdir -p $(B); printf '%s' "$(subst ",\",$(flags_now))" | cmp -s - $(STAMP) || printf '%s' "$(subst ",\",$(flags_now))" > $(STAMP))

$(B)/obj/%.o: %.c $(STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROJECT_CFLAGS) $(SAN) $(CFLAGS) -MMD -MP -c -o $@ $<

# It holds the description (.incbin), which no compiler sees.
$(B)/obj/src/serve/openapi.o: docs/openapi.json

define layer_rule
$(B)/lib/lib$(1).a: $(call layer_obj,$(1))
	$$(call say,AR,$$@)
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

link_cmd = $(CC) $(PROJECT_LDFLAGS) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $(1) -Wl,--start-group $(LIBS) -Wl,--end-group $(PKG_LIBS) $(2) -lm

$(B)/%: $(B)/obj/src/%.o $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(call link_cmd,$<)

.SECONDEXPANSION:
fake_objs = $(patsubst %.c,$(B)/obj/%.o,$(shell sed -n 's/^ \* links: *//p' tests/$(1).c))
$(B)/tests/%: $(B)/obj/tests/%.o $$(call fake_objs,$$*) $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link_cmd,$(filter %.o,$^),-lcmocka)

# ---- tests ----
unit_bins   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c tests/replay/test_*.c tests/dst/test_*.c))
helper_bins := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/system/*.c tests/bench/*.c))
tests: $(unit_bins) $(helper_bins)
# What the sanitizers run: the unit set and what a system test needs. In a program that starts no thread
# there is no race to be found: what the release programs link tells which of them do.
system_helpers := $(filter $(B)/tests/system/%,$(helper_bins))
unittests: $(filter $(B)/tests/unit/%,$(unit_bins)) $(system_helpers)
ifneq ($(filter threadtests,$(MAKECMDGOALS)),)
starts_threads := $(shell nm -Au build/release/tests/unit/test_*[!.]? 2>/dev/null | \
	sed -nE 's,^build/release/([^:]*): .* (pthread_create|thrd_create|MHD_start_daemon)(@.*)?$$,\1,p' | sort -u)
$(if $(starts_threads),,$(error no program of build/release/tests/unit starts a thread; make tests first))
threadtests: $(system_helpers) $(addprefix $(B)/,$(starts_threads))
endif
# Sources through another compiler's eyes, without code.
SYNTAX ?= src/*.c src/*/*.c drivers/*.c tests/unit/*.c tests/dst/*.c tests/replay/*.c tests/system/*.c tests/bench/*.c
syntax:
	$(Q)ls $(SYNTAX) | grep -vxF $(GPIOD_OTHER) | xargs -P 2 -n 12 $(CC) $(CFLAGS) $(PROJECT_CFLAGS) -fsyntax-only

check: deps
	$(Q)sh tests/check.sh

fuzzers: $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link_cmd,$<,-fsanitize=fuzzer)
fuzz:
	$(Q)$(MAKE) -s VARIANT=asan fuzzers
	$(Q)FUZZ_SECONDS=$(or $(SECONDS),60) sh tests/fuzz/short.sh build/asan/tests/fuzz/fuzz_*[!.]?

lint:
	$(Q)sh tests/lint/layers.sh && sh tests/lint/names.sh && sh tests/lint/format.sh
asan tsan coverage:
	$(Q)$(MAKE) VARIANT=$@ all tests
	$(Q)for t in build/$@/tests/unit/test_*; do case $$t in *.[do]) ;; *) $$t || exit 1 ;; esac; done

bench: all tests
	$(Q)sh tests/bench/run.sh

# ---- what a machine needs ----
DEPS_BUILD := gcc make pkg-config libmodbus-dev libserialport-dev libgpiod-dev libsqlite3-dev libsystemd-dev \
	libmicrohttpd-dev libcurl4-openssl-dev libjansson-dev libyaml-dev libsodium-dev libzstd-dev
DEPS_CHECK := libcmocka-dev procps git clang clang-format libclang-rt-14-dev mbpoll python3-pymodbus umockdev universal-ctags sqlite3 curl openssl \
	nodejs npm nginx-light
deps:
	$(Q)sh tests/deps.sh $(DEPS_BUILD) $(if $(filter check,$(MAKECMDGOALS)),$(DEPS_CHECK))
deps-check:
	$(Q)sh tests/deps.sh $(DEPS_BUILD) $(DEPS_CHECK)

demo: deps
	$(Q)$(MAKE) -s all
	$(Q)$(B)/benchctl demo

# ---- packaging ----
install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/fixtures $(DESTDIR)$(datadir)/profiles/models \
		$(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir) $(DESTDIR)$(udevdir) \
		$(DESTDIR)$(sysconfdir)/fixtures $(DESTDIR)$(docdir)
	install -m 755 $(B)/benchd $(B)/benchd-io $(B)/benchd-web $(DESTDIR)$(sbindir)
	install -m 755 $(B)/benchctl $(B)/benchsim $(DESTDIR)$(bindir)
	install -m 644 README.md README.zh-CN.md NEWS LICENSE $(DESTDIR)$(docdir)
	for d in docs fixtures profiles profiles/models drivers systemd webhooks; do install -d $(DESTDIR)$(docdir)/$$d && \
		install -m 644 $$(ls $$d/*.md) $(DESTDIR)$(docdir)/$$d || exit 1; done
	install -d $(DESTDIR)$(docdir)/docs/adapters $(DESTDIR)$(docdir)/fixtures/ref-bay
	install -m 644 docs/openapi.json $(DESTDIR)$(docdir)/docs
	install -m 644 docs/adapters/*.yaml $(DESTDIR)$(docdir)/docs/adapters
	install -m 644 fixtures/ref-bay/* $(DESTDIR)$(docdir)/fixtures/ref-bay
	install -m 644 fixtures/*.yaml fixtures/*.schema.json $(DESTDIR)$(datadir)/fixtures
	install -m 644 profiles/*.yaml profiles/*.schema.json $(DESTDIR)$(datadir)/profiles
	install -m 644 profiles/models/*.yaml profiles/models/*.schema.json $(DESTDIR)$(datadir)/profiles/models
	install -m 644 webhooks/example.yaml $(DESTDIR)$(docdir)/webhooks
	install -m 644 systemd/nginx-benchd.conf systemd/nginx-hardening.conf $(DESTDIR)$(docdir)/systemd
	for u in systemd/*.service; do sed -e 's|@sbindir@|$(sbindir)|g' -e 's|@sysconfdir@|$(sysconfdir)|g' -e 's|@docdir@|$(docdir)|g' $$u | \
		install -m 644 /dev/stdin $(DESTDIR)$(unitdir)/$$(basename $$u) || exit 1; done
	install -m 644 systemd/benchd.sysusers $(DESTDIR)$(sysusersdir)/benchd.conf
	install -m 644 systemd/60-benchd.rules $(DESTDIR)$(udevdir)
	test -e $(DESTDIR)$(sysconfdir)/benchd.yaml || sed -e 's|@sysconfdir@|$(sysconfdir)|g' systemd/benchd.yaml | \
		install -m 644 /dev/stdin $(DESTDIR)$(sysconfdir)/benchd.yaml

dist:
	git archive --format=tar.gz --prefix=benchd-$(VERSION)/ -o benchd-$(VERSION).tar.gz HEAD

help:
	@echo 'all       the five programs in $(B)'
	@echo 'demo      install what is missing, build, run the main job on the simulated rig'
	@echo 'check     install what is missing, build, run every test'
	@echo 'bench     figures beside the peers or limits they are compared with'
	@echo 'lint      layers, names, format'
	@echo 'asan tsan coverage   unit tests in that variant'
	@echo 'fuzz      every fuzzer for SECONDS (60)'
	@echo 'install   into DESTDIR$(prefix); systemd units, udev rules, sysusers'
	@echo 'deps      install what is missing from Debian'"'"'s packages'
	@echo 'dist      benchd-$(VERSION).tar.gz of the last commit'
	@echo 'clean'

.PRECIOUS: $(B)/obj/%.o
.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

clean:
	rm -rf build

.PHONY: all tests unittests threadtests syntax check fuzzers fuzz lint asan tsan coverage bench deps deps-check demo install dist help clean
