package lab

// nginx.go answers: what do nginx's access and error logs look like after fluentd has parsed them?

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Names of the nginx indices and types, as a fluentd configuration with logstash_format makes them.
const (
	accessPrefix = "nginx-access"
	errorPrefix  = "nginx-error"
	accessType   = "access_log"
	errorType    = "error_log"
	dayFormat    = "2006.01.02"
	timeFormat   = "2006-01-02T15:04:05.000Z"
	// errorShare is how many access lines there are for one error line.
	errorShare = 20
)

// accessEvent is one line of the access log; the field order is the order in which fluentd's parser gives them.
type accessEvent struct {
	Remote      string  `json:"remote"`
	Host        string  `json:"host"`
	User        string  `json:"user"`
	Method      string  `json:"method"`
	Path        string  `json:"path"`
	Code        string  `json:"code"`
	Size        int     `json:"size"`
	Referer     string  `json:"referer"`
	Agent       string  `json:"agent"`
	Forwarded   string  `json:"http_x_forwarded_for,omitempty"`
	RequestTime float64 `json:"request_time"`
	Hostname    string  `json:"hostname"`
	Timestamp   string  `json:"@timestamp"`
	Tag         string  `json:"@log_name"`
}

// errorEvent is one line of the error log.
type errorEvent struct {
	Level     string `json:"log_level"`
	PID       int    `json:"pid"`
	TID       int    `json:"tid"`
	Message   string `json:"message"`
	Hostname  string `json:"hostname"`
	Timestamp string `json:"@timestamp"`
	Tag       string `json:"@log_name"`
}

var (
	hosts    = []string{"www.example.jp", "api.example.jp", "shop.example.jp"}
	servers  = []string{"web-01", "web-02", "web-03"}
	methods  = []string{"GET", "GET", "GET", "GET", "POST", "HEAD", "PUT"}
	codes    = []string{"200", "200", "200", "200", "200", "301", "304", "404", "404", "500", "502"}
	users    = []string{"-", "-", "-", "alice", "bob", "山田"}
	referers = []string{"-", "-", "https://www.example.jp/", "https://search.example.com/?q=%E5%BC%95%E3%81%A3%E8%B6%8A%E3%81%97"}
	agents   = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 10_3 like Mac OS X) AppleWebKit/603.1.30 (KHTML, like Gecko) Version/10.0 Mobile/14E277 Safari/602.1",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"curl/7.55.1", `weird "agent" \ with quotes`}
	levels = []string{"error", "error", "warn", "notice", "crit"}
)

func (r random) accessEvent(at time.Time) accessEvent {
	event := accessEvent{
		Remote:   fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(222), r.IntN(256), r.IntN(256), 1+r.IntN(254)),
		Host:     pick(r, hosts),
		User:     pick(r, users),
		Method:   pick(r, methods),
		Path:     r.path(),
		Code:     pick(r, codes),
		Size:     r.IntN(200_000),
		Referer:  pick(r, referers),
		Agent:    pick(r, agents),
		Hostname: pick(r, servers),
		// Three digits, as nginx prints $request_time.
		RequestTime: float64(r.IntN(5000)) / 1000,
		Timestamp:   at.UTC().Format(timeFormat),
		Tag:         "nginx.access",
	}
	if r.IntN(4) == 0 {
		event.Forwarded = fmt.Sprintf("10.0.%d.%d, 172.16.0.1", r.IntN(256), r.IntN(256))
	}
	return event
}

func (r random) path() string {
	switch r.IntN(5) {
	case 0:
		return "/"
	case 1:
		return "/api/v1/items/" + fmt.Sprint(r.IntN(5000))
	case 2:
		return "/検索?q=" + pick(r, words)
	case 3:
		return fmt.Sprintf("/static/app.%08x.js", r.Uint32())
	default:
		return "/%E5%95%86%E5%93%81/" + fmt.Sprint(r.IntN(300)) + "?utm_source=mail&id=" + fmt.Sprint(r.Uint32())
	}
}

func (r random) errorEvent(at time.Time) errorEvent {
	const firstPID = 1000
	return errorEvent{
		Level: pick(r, levels), PID: firstPID + r.IntN(30_000), TID: r.IntN(4),
		Message: fmt.Sprintf(`*%d open() "/usr/share/nginx/html/%s" failed (2: No such file or directory), client: 10.0.0.%d, server: %s`,
			r.IntN(1_000_000), r.sentence(2), 1+r.IntN(254), pick(r, hosts)),
		Hostname: pick(r, servers), Timestamp: at.UTC().Format(timeFormat), Tag: "nginx.error",
	}
}

// encode writes an event as fluentd would: no HTML escapes, no line break.
func encode(event any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	// Events hold strings and numbers only, which always encode; anything else is our own mistake.
	if err := encoder.Encode(event); err != nil {
		panic(fmt.Sprintf("lab: an event that is not JSON: %v", err))
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// nginxTemplates are the templates that make the days' indices. The dynamic template of nginx-error is the one that
// logstash and fluentd users of 2.x have: later versions accept it and then refuse every new string field.
func (s *sender) nginxTemplates() map[string]object {
	day := object{"type": "date"}
	if s.major < 5 {
		day["format"] = "strict_date_optional_time||epoch_millis"
		if s.major < 2 {
			day["format"] = "dateOptionalTime"
		}
	}
	number := object{"type": "long"}
	access := object{
		"dynamic_templates": []object{{"strings": object{"match_mapping_type": "string", "mapping": s.keyword()}}},
		"properties": object{"@timestamp": day, "remote": object{"type": "ip"}, "code": s.keyword(), "method": s.keyword(), "host": s.keyword(),
			"size": number, "request_time": object{"type": "float"}, "agent": s.text(), "path": s.withRaw()},
	}
	failures := object{
		"dynamic_templates": []object{{"string_fields": object{"match": "*", "match_mapping_type": "string", "mapping": s.withRaw()}}},
		"properties":        object{"@timestamp": day, "log_level": s.keyword(), "pid": number, "tid": number},
	}
	if s.major < 6 {
		access["_all"] = object{"enabled": false}
	}
	return map[string]object{
		accessPrefix: s.template(accessPrefix+"-*", 2, accessType, access, object{
			"nginx":      object{},
			"nginx-gets": object{"filter": object{"term": object{"method": "GET"}}},
		}),
		errorPrefix: s.template(errorPrefix+"-*", 1, errorType, failures, object{"nginx-errors": object{}}),
	}
}

// withRaw is analyzed text with an exact subfield, called raw since logstash's first templates.
func (s *sender) withRaw() object {
	raw := s.keyword()
	raw["ignore_above"] = 256
	text := s.text()
	text["fields"] = object{"raw": raw}
	return text
}

func (s *sender) template(pattern string, shards int, docType string, properties, aliases object) object {
	body := object{
		"order":    1,
		"settings": object{"index.number_of_shards": shards, "index.number_of_replicas": 0, "index.refresh_interval": "5s"},
		"mappings": s.mapping(docType, properties),
		"aliases":  aliases,
	}
	if s.major < 6 {
		body["template"] = pattern
	} else {
		body["index_patterns"] = []string{pattern}
	}
	return body
}

// Events makes nginx log events one at a time, for writers that never stop.
type Events struct{ random random }

// NewEvents makes a source of events; equal seeds give equal events.
func NewEvents(seed uint64) *Events { return &Events{newRandom(seed, "events")} }

// Access is one access log event as JSON; requestID becomes its request_id field.
func (e *Events) Access(at time.Time, requestID string) []byte {
	return encode(struct {
		RequestID string `json:"request_id"`
		accessEvent
	}{requestID, e.random.accessEvent(at)})
}

// Error is one error log event as JSON; requestID becomes its request_id field.
func (e *Events) Error(at time.Time, requestID string) []byte {
	return encode(struct {
		RequestID string `json:"request_id"`
		errorEvent
	}{requestID, e.random.errorEvent(at)})
}
