-- A warehouse as commit 5d14082 of this project left it after two nights: three records of a hospital, one corrected,
-- one row quarantined, one file refused. Made by EXPORT DATABASE; all of it is synthetic.
CREATE SCHEMA core;
CREATE SCHEMA link;
CREATE SCHEMA mart;
CREATE SCHEMA ops;
CREATE SCHEMA "out";
CREATE SCHEMA received;
CREATE SCHEMA recoded;
CREATE SCHEMA "ref";
CREATE TABLE core.incident(incident_id VARCHAR NOT NULL, child_id VARCHAR NOT NULL, event_group_id VARCHAR, records INTEGER NOT NULL, sources VARCHAR NOT NULL, event_date DATE, event_year INTEGER, date_precision VARCHAR, age_years INTEGER, sex VARCHAR, township_code VARCHAR, residence VARCHAR, mechanism VARCHAR, place VARCHAR, activity VARCHAR, nature VARCHAR, body_part VARCHAR, intent VARCHAR, severity VARCHAR, care_level VARCHAR, violence_type VARCHAR, perpetrator_relation VARCHAR, offence VARCHAR, case_status VARCHAR, bullying_form VARCHAR, bullying_level VARCHAR, injury_grade VARCHAR, is_death BOOLEAN NOT NULL, death_date DATE, icd10_external VARCHAR, has_conflict BOOLEAN);
CREATE TABLE core.record_version(record_id VARCHAR NOT NULL, batch_id VARCHAR NOT NULL, sheet VARCHAR NOT NULL, row_number INTEGER NOT NULL, victim_number INTEGER NOT NULL, disposition VARCHAR NOT NULL, content_hash VARCHAR NOT NULL, flags VARCHAR, source_code VARCHAR NOT NULL, institution_id VARCHAR, source_record_number VARCHAR, reported_date DATE, id_token VARCHAR, name_token VARCHAR, phone_token VARCHAR, case_token VARCHAR, birth_month DATE, age_years INTEGER, age_months INTEGER, sex VARCHAR, hukou VARCHAR, township_code VARCHAR, residence VARCHAR, event_date_from DATE, event_date_to DATE, date_precision VARCHAR, event_hour INTEGER, visit_date DATE, mechanism VARCHAR, place VARCHAR, activity VARCHAR, nature VARCHAR, body_part VARCHAR, intent VARCHAR, severity VARCHAR, care_level VARCHAR, outcome VARCHAR, is_death BOOLEAN, death_date DATE, icd10_external VARCHAR, icd10_diagnosis VARCHAR, violence_type VARCHAR, perpetrator_relation VARCHAR, case_status VARCHAR, offence VARCHAR, injury_grade VARCHAR, bullying_form VARCHAR, bullying_level VARCHAR, mandatory_report VARCHAR);
CREATE TABLE link.adjudication(left_record_id VARCHAR NOT NULL, right_record_id VARCHAR NOT NULL, decision VARCHAR NOT NULL, decided_by VARCHAR NOT NULL, decided_at TIMESTAMP NOT NULL, reason VARCHAR);
CREATE TABLE link.event_group(incident_id VARCHAR NOT NULL, event_group_id VARCHAR NOT NULL);
CREATE TABLE link.golden_field(incident_id VARCHAR NOT NULL, field VARCHAR NOT NULL, "value" VARCHAR NOT NULL, reports INTEGER NOT NULL, sources VARCHAR NOT NULL, is_chosen BOOLEAN NOT NULL, "rule" VARCHAR NOT NULL);
CREATE TABLE link.incident_alias(retired_incident_id VARCHAR NOT NULL, incident_id VARCHAR);
CREATE TABLE link.incident_bound(incident_id VARCHAR NOT NULL, strict_incidents INTEGER NOT NULL, loose_incident_id VARCHAR NOT NULL);
CREATE TABLE link.incident_change(changed_by VARCHAR NOT NULL, record_id VARCHAR NOT NULL, old_incident_id VARCHAR, new_incident_id VARCHAR, cause VARCHAR NOT NULL);
CREATE TABLE link.member(record_id VARCHAR NOT NULL, record_key BIGINT NOT NULL, incident_id VARCHAR NOT NULL, child_id VARCHAR NOT NULL, strict_incident_id VARCHAR NOT NULL, loose_incident_id VARCHAR NOT NULL, component_key BIGINT NOT NULL, tie_key BIGINT, tie_centibits INTEGER, tie_rule VARCHAR, link_hash VARCHAR NOT NULL);
CREATE TABLE link.pair(left_key BIGINT NOT NULL, right_key BIGINT NOT NULL, pattern BIGINT NOT NULL, score_centibits INTEGER NOT NULL, "rule" VARCHAR, model_version VARCHAR NOT NULL);
CREATE TABLE link.run(run_id VARCHAR NOT NULL, model_version VARCHAR NOT NULL, records BIGINT NOT NULL, dirty_records BIGINT NOT NULL, compared_pairs BIGINT NOT NULL, incidents BIGINT NOT NULL, children BIGINT NOT NULL);
CREATE TABLE link.stop_token(kind VARCHAR NOT NULL, token VARCHAR NOT NULL, persons INTEGER NOT NULL);
CREATE TABLE mart.indicator_rate(indicator_code VARCHAR NOT NULL, period_type VARCHAR NOT NULL, period VARCHAR NOT NULL, sex VARCHAR NOT NULL, age_group VARCHAR NOT NULL, township_code VARCHAR NOT NULL, records BIGINT, incidents BIGINT, children BIGINT, numerator BIGINT, denominator DOUBLE, rate_per_1000 DOUBLE, ci_low DOUBLE, ci_high DOUBLE, unstable BOOLEAN, status VARCHAR, reason VARCHAR, definition_version INTEGER NOT NULL);
CREATE TABLE mart.indicator_verdict(indicator_code VARCHAR NOT NULL, "year" INTEGER NOT NULL, target_kind VARCHAR NOT NULL, limit_per_1000 VARCHAR, baseline_year INTEGER, verdict VARCHAR NOT NULL, verdict_zh VARCHAR NOT NULL, verdict_en VARCHAR NOT NULL);
CREATE TABLE ops.batch(batch_id VARCHAR NOT NULL, source_code VARCHAR NOT NULL, file_name VARCHAR, sha256 VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, received_at TIMESTAMP NOT NULL, status VARCHAR NOT NULL, reason VARCHAR, message_zh VARCHAR, message_en VARCHAR, rows_received INTEGER, rows_unreadable INTEGER, is_zero_report BOOLEAN, declared_total INTEGER, title_year INTEGER, title_month INTEGER, night_id VARCHAR, contract_fingerprint VARCHAR);
CREATE TABLE ops.check_result(batch_id VARCHAR NOT NULL, "rule" VARCHAR NOT NULL, column_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, expectation VARCHAR NOT NULL, rows_checked INTEGER NOT NULL, rows_failed INTEGER NOT NULL);
CREATE TABLE ops.ledger(batch_id VARCHAR NOT NULL, source_code VARCHAR NOT NULL, rows_received INTEGER NOT NULL, exploded INTEGER NOT NULL, refused INTEGER NOT NULL, unreadable INTEGER NOT NULL, out_of_scope INTEGER NOT NULL, quarantined INTEGER NOT NULL, held INTEGER NOT NULL, duplicate INTEGER NOT NULL, superseded INTEGER NOT NULL, withdrawn INTEGER NOT NULL, loaded INTEGER NOT NULL, is_balanced BOOLEAN NOT NULL);
CREATE TABLE ops.meta("name" VARCHAR NOT NULL, "value" VARCHAR NOT NULL);
CREATE TABLE ops.night(night_id VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP, status VARCHAR NOT NULL, message_zh VARCHAR, message_en VARCHAR, notice_zh VARCHAR, notice_en VARCHAR);
CREATE TABLE ops.quarantine(batch_id VARCHAR NOT NULL, sheet VARCHAR NOT NULL, row_number INTEGER NOT NULL, victim_number INTEGER NOT NULL, "rule" VARCHAR NOT NULL, column_name VARCHAR NOT NULL, disposition VARCHAR NOT NULL, problem VARCHAR, "value" VARCHAR);
CREATE TABLE ops.receipt(batch_id VARCHAR NOT NULL, source_code VARCHAR NOT NULL, night_id VARCHAR NOT NULL, file VARCHAR NOT NULL, status VARCHAR NOT NULL, contract_fingerprint VARCHAR, received INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicate INTEGER NOT NULL, superseded INTEGER NOT NULL, out_of_scope INTEGER NOT NULL, quarantined INTEGER NOT NULL, held INTEGER NOT NULL, unreadable INTEGER NOT NULL, refused INTEGER NOT NULL, findings INTEGER NOT NULL);
CREATE TABLE ops."release"(release_id VARCHAR NOT NULL, published_at TIMESTAMP NOT NULL, data_as_of TIMESTAMP NOT NULL, content_hash VARCHAR NOT NULL, file_name VARCHAR NOT NULL);
CREATE TABLE "out".incident("domain" VARCHAR NOT NULL, event_year INTEGER, age_group VARCHAR NOT NULL, sex VARCHAR NOT NULL, mechanism VARCHAR, place VARCHAR, nature VARCHAR, body_part VARCHAR, severity VARCHAR, violence_type VARCHAR, residence VARCHAR, records INTEGER NOT NULL);
CREATE TABLE "out".indicator_rate(indicator_code VARCHAR NOT NULL, period_type VARCHAR NOT NULL, period VARCHAR NOT NULL, sex VARCHAR NOT NULL, age_group VARCHAR NOT NULL, township_code VARCHAR NOT NULL, records BIGINT, incidents BIGINT, children BIGINT, numerator BIGINT, denominator DOUBLE, rate_per_1000 DOUBLE, ci_low DOUBLE, ci_high DOUBLE, unstable BOOLEAN, status VARCHAR, reason VARCHAR, definition_version INTEGER NOT NULL, release_id VARCHAR NOT NULL, data_as_of TIMESTAMP NOT NULL);
CREATE TABLE "out".indicator_verdict(indicator_code VARCHAR NOT NULL, "year" INTEGER NOT NULL, target_kind VARCHAR NOT NULL, limit_per_1000 VARCHAR, baseline_year INTEGER, verdict VARCHAR NOT NULL, verdict_zh VARCHAR NOT NULL, verdict_en VARCHAR NOT NULL);
CREATE TABLE received.hospital(batch_id VARCHAR, sheet VARCHAR, row_number INTEGER, title_year INTEGER, title_month INTEGER, facility_id VARCHAR, card_no VARCHAR, id_token VARCHAR, name_token VARCHAR, phone_token VARCHAR, birth_month VARCHAR, sex VARCHAR, age VARCHAR, age_unit VARCHAR, hukou VARCHAR, township VARCHAR, injury_date VARCHAR, injury_hour VARCHAR, visit_date VARCHAR, cause VARCHAR, place VARCHAR, activity VARCHAR, intent VARCHAR, nature VARCHAR, body_part VARCHAR, severity VARCHAR, diagnosis_icd VARCHAR, outcome VARCHAR, report_status VARCHAR, reported_date VARCHAR);
CREATE TABLE recoded.hospital(batch_id VARCHAR, sheet VARCHAR, row_number INTEGER, victim_number INTEGER, record_id VARCHAR, content_hash VARCHAR, source_code VARCHAR, institution_id VARCHAR, source_record_number VARCHAR, reported_date DATE, id_token VARCHAR, name_token VARCHAR, phone_token VARCHAR, case_token VARCHAR, birth_month DATE, age_years INTEGER, age_months INTEGER, sex VARCHAR, hukou VARCHAR, township_code VARCHAR, residence VARCHAR, event_date_from DATE, event_date_to DATE, date_precision VARCHAR, event_hour INTEGER, visit_date DATE, mechanism VARCHAR, place VARCHAR, activity VARCHAR, nature VARCHAR, body_part VARCHAR, intent VARCHAR, severity VARCHAR, care_level VARCHAR, outcome VARCHAR, is_death BOOLEAN, death_date DATE, icd10_external VARCHAR, icd10_diagnosis VARCHAR, violence_type VARCHAR, perpetrator_relation VARCHAR, case_status VARCHAR, offence VARCHAR, injury_grade VARCHAR, bullying_form VARCHAR, bullying_level VARCHAR, mandatory_report VARCHAR, code_report_status VARCHAR, problem_id_token VARCHAR, problem_name_token VARCHAR, problem_phone_token VARCHAR, problem_birth_month VARCHAR, problem_sex VARCHAR, problem_age VARCHAR, problem_hukou VARCHAR, problem_township VARCHAR, problem_injury_date VARCHAR, problem_injury_hour VARCHAR, problem_visit_date VARCHAR, problem_cause VARCHAR, problem_place VARCHAR, problem_activity VARCHAR, problem_intent VARCHAR, problem_nature VARCHAR, problem_body_part VARCHAR, problem_severity VARCHAR, problem_diagnosis_icd VARCHAR, problem_outcome VARCHAR, problem_report_status VARCHAR, problem_reported_date VARCHAR, problem_record_key VARCHAR);
CREATE TABLE "ref".code(codelist VARCHAR NOT NULL, code VARCHAR NOT NULL, zh VARCHAR NOT NULL, en VARCHAR NOT NULL);
CREATE TABLE "ref".data_dictionary(table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, data_type VARCHAR, comment_zh VARCHAR NOT NULL, comment_en VARCHAR NOT NULL);
CREATE TABLE "ref".population_version(batch_id VARCHAR NOT NULL, sheet VARCHAR NOT NULL, row_number INTEGER NOT NULL, victim_number INTEGER NOT NULL, disposition VARCHAR NOT NULL, "year" INTEGER NOT NULL, township_code VARCHAR, sex VARCHAR, age_years INTEGER, population_type VARCHAR, "value" DOUBLE NOT NULL, "source" VARCHAR, "method" VARCHAR, as_of DATE);
CREATE VIEW core.record AS SELECT * EXCLUDE (sheet, victim_number, disposition) FROM core.record_version WHERE (disposition = 'loaded');
CREATE VIEW "ref".population AS SELECT "year", township_code, sex, age_years, population_type, "value", "source", "method", as_of, batch_id FROM "ref".population_version WHERE (disposition = 'loaded');
INSERT INTO "core"."incident" VALUES
('54a43a4255f00c52', 'aef27e52b940d46f', NULL, 1, 'hospital', '2024-04-06', 2024, 'day', 16, 'female', '500104001', 'resident', 'blunt_force', 'school_public', NULL, NULL, NULL, 'assault', 'moderate', 'observation', 'physical', NULL, NULL, 'probable', NULL, NULL, NULL, false, NULL, NULL, false),
('b883df23d92eedc2', 'e6f6eeeed28c6c94', NULL, 1, 'hospital', '2024-05-06', 2024, 'day', 15, 'female', '500104102', 'resident', 'sharp_force', 'home', NULL, NULL, NULL, 'self_harm', 'moderate', 'inpatient', NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, false),
('d0bc182a9929cc4f', '62eb8e3876013afa', NULL, 1, 'hospital', '2024-03-05', 2024, 'day', 5, 'male', '500104101', 'resident', 'fall', 'home', NULL, NULL, NULL, 'unintentional', 'severe', 'outpatient', NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, false);
INSERT INTO "core"."record_version" VALUES
('f134ea88131c86d1', 'd6e7d0628ecce271', '', 2, 1, 'superseded', '772c4a4d58963ea9', NULL, 'hospital', 'H0001', 'C1', '2024-03-08', 'v5idyne6cvpgkh2tquz6eyz2ii', NULL, NULL, NULL, NULL, 5, NULL, 'male', NULL, '500104101', 'resident', '2024-03-05', '2024-03-05', 'day', NULL, '2024-03-05', 'fall', 'home', NULL, NULL, NULL, 'unintentional', 'minor', 'outpatient', 'treated_released', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('04e2e548f4e7dbf2', 'd6e7d0628ecce271', '', 3, 1, 'loaded', '24858142fed999cd', NULL, 'hospital', 'H0001', 'C2', '2024-04-08', 'ip6zjsqes4xfffa3x7ob643lv5', NULL, NULL, NULL, NULL, 16, NULL, 'female', NULL, '500104001', 'resident', '2024-04-06', '2024-04-06', 'day', NULL, '2024-04-06', 'blunt_force', 'school_public', NULL, NULL, NULL, 'assault', 'moderate', 'observation', 'observation', false, NULL, NULL, NULL, 'physical', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('d624846775528a12', 'd6e7d0628ecce271', '', 4, 1, 'loaded', 'bb26e94c556810dc', NULL, 'hospital', 'H0001', 'C3', '2024-05-08', 'z372pqyuuaaoiw2bjnadxcqnsa', NULL, NULL, NULL, NULL, 15, NULL, 'female', NULL, '500104102', 'resident', '2024-05-06', '2024-05-06', 'day', NULL, '2024-05-07', 'sharp_force', 'home', NULL, NULL, NULL, 'self_harm', 'moderate', 'inpatient', 'hospitalised', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('f134ea88131c86d1', '7442009395a47b2a', '', 2, 1, 'loaded', '7f61a4843744cd43', NULL, 'hospital', 'H0001', 'C1', '2024-03-20', 'v5idyne6cvpgkh2tquz6eyz2ii', NULL, NULL, NULL, NULL, 5, NULL, 'male', NULL, '500104101', 'resident', '2024-03-05', '2024-03-05', 'day', NULL, '2024-03-05', 'fall', 'home', NULL, NULL, NULL, 'unintentional', 'severe', 'outpatient', 'treated_released', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('d624846775528a12', '7442009395a47b2a', '', 4, 1, 'duplicate', 'bb26e94c556810dc', NULL, 'hospital', 'H0001', 'C3', '2024-05-08', 'z372pqyuuaaoiw2bjnadxcqnsa', NULL, NULL, NULL, NULL, 15, NULL, 'female', NULL, '500104102', 'resident', '2024-05-06', '2024-05-06', 'day', NULL, '2024-05-07', 'sharp_force', 'home', NULL, NULL, NULL, 'self_harm', 'moderate', 'inpatient', 'hospitalised', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "link"."incident_bound" VALUES
('b883df23d92eedc2', 1, 'b883df23d92eedc2'),
('54a43a4255f00c52', 1, '54a43a4255f00c52'),
('d0bc182a9929cc4f', 1, 'd0bc182a9929cc4f');
INSERT INTO "link"."member" VALUES
('04e2e548f4e7dbf2', 19590241028426926, '54a43a4255f00c52', 'aef27e52b940d46f', '54a43a4255f00c52', '54a43a4255f00c52', 19590241028426926, NULL, NULL, NULL, '24858142fed999cd|1||'),
('d624846775528a12', 124804451228231373, 'b883df23d92eedc2', 'e6f6eeeed28c6c94', 'b883df23d92eedc2', 'b883df23d92eedc2', 124804451228231373, NULL, NULL, NULL, 'bb26e94c556810dc|1||'),
('f134ea88131c86d1', 661118870349944062, 'd0bc182a9929cc4f', '62eb8e3876013afa', 'd0bc182a9929cc4f', 'd0bc182a9929cc4f', 661118870349944062, NULL, NULL, NULL, '7f61a4843744cd43|1||');
INSERT INTO "link"."run" VALUES
('night001', '422624bcc5f51aab', 3, 3, 0, 3, 3),
('night002', '422624bcc5f51aab', 3, 1, 0, 3, 3);
INSERT INTO "mart"."indicator_rate" VALUES
('18', 'month', '2024-01', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-02', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-03', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-04', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-05', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-06', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-07', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-08', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-09', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-10', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-11', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'month', '2024-12', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'quarter', '2024Q1', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'quarter', '2024Q2', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'quarter', '2024Q3', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'quarter', '2024Q4', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'female', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('18', 'year', '2024', 'male', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-01', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-02', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-03', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-04', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-05', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-06', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-07', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-08', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-09', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-10', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-11', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'month', '2024-12', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'quarter', '2024Q1', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'quarter', '2024Q2', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'quarter', '2024Q3', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'quarter', '2024Q4', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'female', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('19', 'year', '2024', 'male', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-01', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-02', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-03', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-04', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-05', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-06', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-07', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-08', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-09', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-10', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-11', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'month', '2024-12', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'quarter', '2024Q1', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'quarter', '2024Q2', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'quarter', '2024Q3', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'quarter', '2024Q4', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'all', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'female', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', '0', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', '1-4', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', '10-14', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', '15-17', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', '5-9', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1),
('20', 'year', '2024', 'male', 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'P', 'not_reported', 1);
INSERT INTO "mart"."indicator_verdict" VALUES
('18', 2024, 'decline', NULL, NULL, 'not_reported', '无法判定:有来源未报告', 'no verdict: a source has not reported'),
('19', 2024, 'below', '0.1', NULL, 'not_reported', '无法判定:有来源未报告', 'no verdict: a source has not reported'),
('20', 2024, 'decline', NULL, NULL, 'not_reported', '无法判定:有来源未报告', 'no verdict: a source has not reported');
INSERT INTO "ops"."batch" VALUES
('6a24cacf50854605', 'hospital', NULL, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, '2026-11-26 12:50:46.325628', 'unreadable', 'empty_file', '文件是空的（没有任何内容）。请重新导出；本期确无事件时，请报送写明“本月无”的零报告。', 'The file is empty. Export it again; if nothing happened in the period, send a report that says so (本月无).', NULL, NULL, NULL, NULL, NULL, NULL, 'night001', NULL),
('d6e7d0628ecce271', 'hospital', 'a.csv', '8989692a30458185719f8cefb1d74c17369d54151c4559e71f3af0cc2836f159', 628, '2025-06-15 23:06:40', 'loaded', NULL, NULL, NULL, 3, 0, false, NULL, NULL, NULL, 'night001', '6a0979d91499'),
('7442009395a47b2a', 'hospital', 'b.csv', '8d4c7fcf8d63416836056a6ce82a5229d6dd98c74af285c630296aa033aeeaca', 632, '2025-06-17 02:53:20', 'loaded', NULL, NULL, NULL, 3, 0, false, NULL, NULL, NULL, 'night002', '6a0979d91499');
INSERT INTO "ops"."check_result" VALUES
('d6e7d0628ecce271', 'filled', 'facility_id', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'card_no', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'id_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'name_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'phone_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'birth_month', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'sex', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'age', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'age', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'hukou', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'township', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'injury_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'injury_date', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'injury_hour', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'visit_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'cause', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'cause', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'place', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'place', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'activity', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'intent', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'intent', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'nature', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'body_part', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'severity', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'severity', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'diagnosis_icd', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'outcome', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'filled', 'outcome', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'report_status', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'reported_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'readable', 'record_key', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('d6e7d0628ecce271', 'Q16', 'sex', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('d6e7d0628ecce271', 'Q20', 'age', 'out_of_scope', 'ExpectColumnValuesToBeBetween', 3, 0),
('d6e7d0628ecce271', 'Q21', 'injury_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('d6e7d0628ecce271', 'Q22', 'reported_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('d6e7d0628ecce271', 'Q22B', 'birth_month', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('d6e7d0628ecce271', 'Q22C', 'event_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('d6e7d0628ecce271', 'Q23', 'age', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('d6e7d0628ecce271', 'Q24', 'reported_date', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('d6e7d0628ecce271', 'Q25', 'visit_date', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('d6e7d0628ecce271', 'Q30', 'intent', 'warning', 'ExpectColumnValuesToBeInSet', 3, 0),
('d6e7d0628ecce271', 'Q33', 'severity', 'warning', 'ExpectColumnValuesToNotBeInSet', 3, 0),
('d6e7d0628ecce271', 'Q34', 'age', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('d6e7d0628ecce271', 'Q35', 'age', 'error', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'filled', 'facility_id', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'card_no', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'id_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'name_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'phone_token', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'birth_month', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'sex', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'age', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'age', 'error', 'ExpectColumnValuesToNotBeNull', 3, 1),
('7442009395a47b2a', 'readable', 'hukou', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'township', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'injury_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'injury_date', 'error', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'injury_hour', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'visit_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'cause', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'cause', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'place', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'place', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'activity', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'intent', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'intent', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'nature', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'body_part', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'severity', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'severity', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'diagnosis_icd', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'outcome', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'filled', 'outcome', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'report_status', 'warning', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'reported_date', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'readable', 'record_key', 'error', 'ExpectColumnValuesToBeNull', 3, 0),
('7442009395a47b2a', 'Q16', 'sex', 'warning', 'ExpectColumnValuesToNotBeNull', 3, 0),
('7442009395a47b2a', 'Q20', 'age', 'out_of_scope', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'Q21', 'injury_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('7442009395a47b2a', 'Q22', 'reported_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('7442009395a47b2a', 'Q22B', 'birth_month', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('7442009395a47b2a', 'Q22C', 'event_date', 'error', 'ExpectColumnPairValuesAToBeGreaterThanB', 3, 0),
('7442009395a47b2a', 'Q23', 'age', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'Q24', 'reported_date', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'Q25', 'visit_date', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'Q30', 'intent', 'warning', 'ExpectColumnValuesToBeInSet', 3, 0),
('7442009395a47b2a', 'Q33', 'severity', 'warning', 'ExpectColumnValuesToNotBeInSet', 3, 0),
('7442009395a47b2a', 'Q34', 'age', 'warning', 'ExpectColumnValuesToBeBetween', 3, 0),
('7442009395a47b2a', 'Q35', 'age', 'error', 'ExpectColumnValuesToBeBetween', 3, 0);
INSERT INTO "ops"."ledger" VALUES
('6a24cacf50854605', 'hospital', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, true),
('7442009395a47b2a', 'hospital', 3, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, true),
('d6e7d0628ecce271', 'hospital', 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, true);
INSERT INTO "ops"."meta" VALUES
('declarations', 'd3f71ebefa8601c5'),
('key_id', '569ea67a'),
('linkage_model', '422624bcc5f51aab');
INSERT INTO "ops"."night" VALUES
('night001', '2026-11-26 12:50:47.023113', '2026-11-26 12:50:58.963092', 'published', '已发布 R000001。', 'Published R000001.', NULL, NULL),
('night002', '2026-11-26 12:50:59.226756', '2026-11-26 12:51:04.134930', 'published', '已发布 R000002。', 'Published R000002.', NULL, NULL);
INSERT INTO "ops"."quarantine" VALUES
('7442009395a47b2a', '', 3, 1, 'filled', 'age', 'quarantined', NULL, '不详');
INSERT INTO "ops"."receipt" VALUES
('6a24cacf50854605', 'hospital', 'night001', 'hospital/无法读取_6a24cacf50854605.xlsx', 'unreadable', NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
('d6e7d0628ecce271', 'hospital', 'night001', 'hospital/a_d6e7d0628ecce271.xlsx', 'loaded', '6a0979d91499', 3, 3, 0, 0, 0, 0, 0, 0, 0, 0),
('7442009395a47b2a', 'hospital', 'night002', 'hospital/b_7442009395a47b2a.xlsx', 'loaded', '6a0979d91499', 3, 1, 1, 0, 0, 1, 0, 0, 0, 1);
INSERT INTO "ops"."release" VALUES
('R000001', '2026-11-26 12:50:58.950562', '2025-06-15 23:06:40', '4895e2249a7d9f66e41c947bd680ce08', 'ddk_analyst_R000001.duckdb'),
('R000002', '2026-11-26 12:51:04.131442', '2025-06-17 02:53:20', '492d9a20d398093a811bd935e093ae09', 'ddk_analyst_R000002.duckdb');
INSERT INTO "received"."hospital" VALUES
('d6e7d0628ecce271', '', 2, NULL, NULL, 'H0001', 'C1', 'v5idyne6cvpgkh2tquz6eyz2ii', NULL, NULL, NULL, '男', '5岁', NULL, NULL, '八桥镇', '2024-03-05', NULL, '2024-03-05', '跌倒/坠落', '家中', NULL, '非故意', NULL, NULL, '轻度', NULL, '处理后离院', NULL, '2024-03-08'),
('d6e7d0628ecce271', '', 3, NULL, NULL, 'H0001', 'C2', 'ip6zjsqes4xfffa3x7ob643lv5', NULL, NULL, NULL, '女', '16', NULL, NULL, '新山村街道', '2024-04-06', NULL, '2024-04-06', '钝器伤', '学校与公共场所', NULL, '故意', NULL, NULL, '中度', NULL, '留观', NULL, '2024-04-08'),
('d6e7d0628ecce271', '', 4, NULL, NULL, 'H0001', 'C3', 'z372pqyuuaaoiw2bjnadxcqnsa', NULL, NULL, NULL, '女', '15', NULL, NULL, '建胜镇', '2024-05-06', NULL, '2024-05-07', '刀/锐器伤', '家中', NULL, '自残/自杀', NULL, NULL, '中度', NULL, '住院', NULL, '2024-05-08'),
('7442009395a47b2a', '', 2, NULL, NULL, 'H0001', 'C1', 'v5idyne6cvpgkh2tquz6eyz2ii', NULL, NULL, NULL, '男', '5岁', NULL, NULL, '八桥镇', '2024-03-05', NULL, '2024-03-05', '跌倒/坠落', '家中', NULL, '非故意', NULL, NULL, '重度', NULL, '处理后离院', NULL, '2024-03-20'),
('7442009395a47b2a', '', 3, NULL, NULL, 'H0001', 'C2', 'ip6zjsqes4xfffa3x7ob643lv5', NULL, NULL, NULL, '女', '不详', NULL, NULL, '新山村街道', '2024-04-06', NULL, '2024-04-06', '钝器伤', '学校与公共场所', NULL, '故意', NULL, NULL, '中度', NULL, '留观', NULL, '2024-04-08'),
('7442009395a47b2a', '', 4, NULL, NULL, 'H0001', 'C3', 'z372pqyuuaaoiw2bjnadxcqnsa', NULL, NULL, NULL, '女', '15', NULL, NULL, '建胜镇', '2024-05-06', NULL, '2024-05-07', '刀/锐器伤', '家中', NULL, '自残/自杀', NULL, NULL, '中度', NULL, '住院', NULL, '2024-05-08');
