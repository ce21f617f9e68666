package fakeaws

import "net/http"

func (s *Server) serveS3(w http.ResponseWriter, r *http.Request)                {}
func (s *Server) serveDomain(d *domain, w http.ResponseWriter, r *http.Request) {}
