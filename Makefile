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
sysconfdir  ?= /etc/benchd
unitdir     ?= /lib/systemd/system
sysusersdir ?= /usr/lib/sysusers.d
udevdir     ?= /lib/udev/rules.d
DESTDIR     ?=
VARIANT     ?= release
CFLAGS      ?= -O2 -g
LDFLAGS     ?=

B := build/$(VARIANT)

PKGS := libmodbus libserialport libgpiod sqlite3 libsystemd libmicrohttpd jansson yaml-0.1 libsodium libzstd
PKG_CONFIG ?= pkg-config
ifneq ($(filter-out deps clean help dist,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
endif

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
SAN_asan     := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_tsan     := -fsanitize=thread -fno-omit-frame-pointer
SAN_coverage := --coverage
SAN := $(SAN_$(VARIANT))

ifndef V
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
else
say = @:
endif

# Layers, lowest first. A program is one main in src/ linked with these archives.
LAYERS   := base link plan bus rig run store ticket station serve sim ctl
PROGRAMS := benchd benchd-io benchd-web benchctl benchsim

layer_src = $(wildcard src/$(1)/*.c) $(if $(filter rig,$(1)),$(wildcard drivers/*.c))
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

$(B)/tests/%: $(B)/obj/tests/%.o $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link_cmd,$<,-lcmocka)

.PRECIOUS: $(B)/obj/%.o
.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

clean:
	rm -rf build

.PHONY: all clean
