package lab

// generate.go answers: what does a lab cluster hold? Next: nginx.go for the logs, kibana.go for the dashboards, odd.go
// for the cases that break migrations.

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// firstDay is the day of the oldest index unless Data says otherwise: the era of 2.3 clusters.
var firstDay = time.Date(2017, time.September, 10, 0, 0, 0, 0, time.UTC)

// Data says what Generate writes. Equal Data give equal documents (but for the odd cases whose ids the server makes).
type Data struct {
	Seed uint64
	// NginxDocs is the number of access log events over all days; a twentieth of that is added as error log events.
	NginxDocs int
	// Days is over how many daily indices they spread; zero means one.
	Days int
	// FirstDay is the day of the oldest index; zero means 2017-09-10.
	FirstDay time.Time
	// Kibana adds Kibana's index: index patterns, saved searches, visualizations and dashboards over the logs.
	Kibana bool
	// Odd adds an index for each case that breaks migrations, as far as the version accepts it.
	Odd bool
}

// Summary is what Generate wrote.
type Summary struct {
	// Documents is the number of live documents per index, counted by the generator and not asked of the server.
	Documents map[string]int
}

// Total is the number of documents over all indices.
func (s Summary) Total() int {
	total := 0
	for _, count := range s.Documents {
		total += count
	}
	return total
}

// Generate fills a cluster of a lab version. The cluster must not hold the indices yet.
func Generate(ctx context.Context, url, version string, data Data) (Summary, error) {
	if _, err := find(version); err != nil {
		return Summary{}, err
	}
	s := &sender{url: url, dialect: dialectOf(version)}
	summary := Summary{Documents: map[string]int{}}
	if data.NginxDocs > 0 {
		if err := s.nginx(ctx, data, summary.Documents); err != nil {
			return summary, fmt.Errorf("generate nginx logs: %w", err)
		}
	}
	if data.Kibana {
		if err := s.kibana(ctx, summary.Documents); err != nil {
			return summary, fmt.Errorf("generate Kibana's objects: %w", err)
		}
	}
	if data.Odd {
		if err := s.odd(ctx, data.Seed, summary.Documents); err != nil {
			return summary, fmt.Errorf("generate odd cases: %w", err)
		}
	}
	if err := s.refresh(ctx, "_all"); err != nil {
		return summary, err
	}
	return summary, nil
}

// nginx writes the templates, the days, and an alias that routes.
func (s *sender) nginx(ctx context.Context, data Data, documents map[string]int) error {
	for name, body := range s.nginxTemplates() {
		if err := s.send(ctx, http.MethodPut, "/_template/"+name, body); err != nil {
			return err
		}
	}
	first, days := data.FirstDay, max(data.Days, 1)
	if first.IsZero() {
		first = firstDay
	}
	first = first.UTC().Truncate(24 * time.Hour)
	for day := range days {
		from := first.AddDate(0, 0, day)
		// The first days take the remainder, so that the sum is what was asked for.
		count := data.NginxDocs / days
		if day < data.NginxDocs%days {
			count++
		}
		if err := s.nginxDay(ctx, data.Seed, from, count, documents); err != nil {
			return err
		}
	}
	routed := object{"index": accessPrefix + "-" + first.Format(dayFormat), "alias": "nginx-routed", "index_routing": "a", "search_routing": "a,b"}
	return s.send(ctx, http.MethodPost, "/_aliases", object{"actions": []object{{"add": routed}}})
}

func (s *sender) nginxDay(ctx context.Context, seed uint64, from time.Time, count int, documents map[string]int) error {
	access, failures := accessPrefix+"-"+from.Format(dayFormat), errorPrefix+"-"+from.Format(dayFormat)
	r := newRandom(seed, access)
	const batch = 5000
	operations := make([]operation, 0, batch)
	for i := range count {
		at := from.Add(time.Duration(int64(24*time.Hour) / int64(count) * int64(i)))
		operations = append(operations, operation{index: access, docType: accessType, id: r.autoID(), source: encode(r.accessEvent(at))})
		documents[access]++
		if i%errorShare == 0 {
			operations = append(operations, operation{index: failures, docType: errorType, id: r.autoID(), source: encode(r.errorEvent(at))})
			documents[failures]++
		}
		if len(operations) >= batch || i == count-1 {
			if err := s.bulk(ctx, operations); err != nil {
				return err
			}
			operations = operations[:0]
		}
	}
	return nil
}
