package cutover

// rsyslog_lint.go answers: what in an rsyslog configuration would lose or double events during the move? Facts:
// omelasticsearch.c of 8.2302, and measurements with it. Next: rsyslog.go.

import (
	"strconv"
	"strings"
)

type rsyslogRule struct {
	code       string
	severity   Severity
	text, hint string
	applies    func(t *rsyslogTree, action *rsyslogObject, target Endpoint) bool
}

var rsyslogRules = []rsyslogRule{
	{"rsyslog-no-error-file", Danger, "no errorfile: events that the cluster refuses vanish without a trace",
		`add errorfile="/var/log/omelasticsearch-errors.json", and count its lines after the cutover`,
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !has(a, "errorfile") }},
	{"rsyslog-refused-not-retried", Info, "single items that the cluster refuses (a full queue, a write block) are not sent again; they are in the error file only",
		"count the lines of the error file after the cutover, and send them again",
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !a.on("retryfailures", false) }},
	{"rsyslog-retry-without-ruleset", Danger, "retryfailures without a retryruleset: refused items start again at the default ruleset, whose filters pass them by, and are not in the error file either (measured with 8.2302: 100 of 100 lost)",
		"name a retryruleset that holds only this action, or remove retryfailures",
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool {
			return a.on("retryfailures", false) && !has(a, "retryruleset")
		}},
	{"rsyslog-gives-up", Danger, "action.resumeRetryCount is not -1: while the cluster can't be reached, events are dropped after that many tries (none by default)",
		`set action.resumeRetryCount="-1"`,
		func(t *rsyslogTree, a *rsyslogObject, _ Endpoint) bool {
			return a.text("action.resumeretrycount", t.directive("actionresumeretrycount")) != "-1"
		}},
	{"rsyslog-memory-queue", Danger, "the queue is in memory only: what the restart finds unsent is lost after a second or two",
		`give the action queue.type="LinkedList" queue.filename="es" queue.saveOnShutdown="on"`,
		func(t *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !t.queueOnDisk(a) }},
	{"rsyslog-queue-not-saved", Danger, "the queue goes to disk only when it is full; what is in memory at the restart is lost",
		`set queue.saveOnShutdown="on"`,
		func(t *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return t.queueOnDisk(a) && t.queueUnsaved(a) }},
	{"rsyslog-full-queue-drops", Danger, "a full queue drops events: after queue.timeoutEnqueue (2 seconds by default) and at once while rsyslog stops; an action's queue is full with 1,000 events by default, and under load it was",
		`set queue.size="100000" queue.timeoutEnqueue="600000"`,
		func(t *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !t.queueIsAmple(a) }},
	{"rsyslog-no-bulk", Warning, "bulkmode is off: each event is a request, and a backlog takes long", `set bulkmode="on"`,
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !a.on("bulkmode", false) }},
	{"rsyslog-no-id", Warning, "no bulkid: the cluster makes the ids, so a bulk whose answer got lost is stored twice when it is sent again",
		`add a template with $!uuid or a hash, bulkid="thatTemplate" dynbulkid="on"`,
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return !has(a, "bulkid") }},
	{"rsyslog-index-is-a-template", Danger, "searchIndex names a template, but dynSearchIndex is off, so everything goes to one index of that name",
		`set dynSearchIndex="on"`,
		func(t *rsyslogTree, a *rsyslogObject, _ Endpoint) bool {
			return !a.on("dynsearchindex", false) && t.hasTemplate(a.text("searchindex", ""))
		}},
	{"rsyslog-daily-index", Info, "the index of the day of the cutover gets events on both sides", "verify that index last, after the writers have moved",
		func(_ *rsyslogTree, a *rsyslogObject, _ Endpoint) bool { return a.on("dynsearchindex", false) }},
	{"rsyslog-types", Danger, "dynSearchType gives events of one index several types, which the target refuses", "give each type an index of its own",
		func(_ *rsyslogTree, a *rsyslogObject, target Endpoint) bool {
			return a.on("dynsearchtype", false) && !target.Version.IsZero() && target.Version.Lineage() >= singleTypeMajor
		}},
	{"rsyslog-parent", Danger, "parent: the target has no _parent any more, and refuses such events", "move parents and children to a join field first",
		func(_ *rsyslogTree, a *rsyslogObject, target Endpoint) bool {
			return has(a, "parent") && !target.Version.IsZero() && target.Version.Lineage() >= singleTypeMajor
		}},
}

func has(object *rsyslogObject, name string) bool {
	_, ok := object.get(name)
	return ok
}

// queue gives the object whose queue holds an action's events while the cluster can't be reached: the action itself, its
// ruleset, or the main queue. An action's queue is direct unless it says otherwise: then it holds nothing.
func (t *rsyslogTree) queue(action *rsyslogObject) *rsyslogObject {
	if kind := strings.ToLower(action.text("queue.type", "direct")); kind != "direct" {
		return action
	}
	if has(action, "queue.filename") {
		return action
	}
	if action.ruleset != nil && (has(action.ruleset, "queue.type") || has(action.ruleset, "queue.filename")) {
		return action.ruleset
	}
	return t.first("main_queue")
}

func (t *rsyslogTree) queueOnDisk(action *rsyslogObject) bool {
	queue := t.queue(action)
	if queue == nil {
		return t.directive("mainmsgqueuefilename") != ""
	}
	return has(queue, "queue.filename") || strings.EqualFold(queue.text("queue.type", ""), "disk")
}

// queueUnsaved: saving is the default (runtime/queue.c, since 2011), so only switching it off counts.
func (t *rsyslogTree) queueUnsaved(action *rsyslogObject) bool {
	queue := t.queue(action)
	if queue == nil {
		return strings.EqualFold(t.directive("mainmsgqueuesaveonshutdown"), "off")
	}
	return !queue.on("queue.saveonshutdown", true) && !strings.EqualFold(queue.text("queue.type", ""), "disk")
}

// Sizes and times below which a queue fills within the seconds that a restart or a slow disk takes.
const (
	ampleQueueSize      = 10_000
	ampleEnqueueTimeout = 60_000 // milliseconds
	actionQueueSize     = 1_000  // the defaults of rsyslog
	mainQueueSize       = 50_000
	enqueueTimeout      = 2_000
)

func (t *rsyslogTree) queueIsAmple(action *rsyslogObject) bool {
	queue, size := t.queue(action), mainQueueSize
	if queue == action {
		size = actionQueueSize
	}
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(queue.text(name, "")); err == nil {
			return n
		}
		return otherwise
	}
	return number("queue.size", size) >= ampleQueueSize && number("queue.timeoutenqueue", enqueueTimeout) >= ampleEnqueueTimeout
}

func (t *rsyslogTree) hasTemplate(name string) bool {
	for _, file := range t.files {
		for _, object := range file.objects {
			if object.name == "template" && name != "" && object.text("name", "") == name {
				return true
			}
		}
		for _, d := range file.directives {
			if own, _, ok := strings.Cut(d.value, ","); ok && d.name == "template" && name != "" && own == name {
				return true
			}
		}
	}
	return false
}

func (t *rsyslogTree) lint(moved []*rsyslogObject, target Endpoint) []Finding {
	var findings []Finding
	for _, action := range moved {
		for _, rule := range rsyslogRules {
			if rule.applies(t, action, target) {
				findings = append(findings, Finding{Code: rule.code, Severity: rule.severity, File: action.draft.path, Line: action.line(), Text: rule.text, Hint: rule.hint})
			}
		}
	}
	return findings
}
