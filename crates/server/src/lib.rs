//! HTTP for both roles: api shapes, routes, sessions, live feed, web app.
