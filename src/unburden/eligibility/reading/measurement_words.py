"""Measurements, scales and biomarkers: concept | standard unit | spellings."""

MEASUREMENTS = """
absolute_neutrophil_count | 10*9/L | absolute neutrophil count; anc; absolute neutrophil; neutrophil count; neutrophils; absolute granulocyte count; agc; granulocytes; granulocyte count; absolute neutrophil cell count
platelet_count | 10*9/L | platelet count; platelets; plt; thrombocytes; thrombocyte count; blood platelets; platelet
haemoglobin | g/dL | hemoglobin; hgb; hb; hemoglobin level; hemoglobin concentration; hemoglobin value
white_blood_cell_count | 10*9/L | white blood cell count; white blood cells; wbc; wbc count; leukocyte count; leukocytes; white blood count; white cell count
lymphocyte_count | 10*9/L | lymphocyte count; absolute lymphocyte count; lymphocytes; alc
eosinophil_count | 10*9/L | eosinophil count; absolute eosinophil count; eosinophils; blood eosinophil count
cd4_count | /uL | cd4 count; cd4 cell count; cd4; cd4 t cell count; cd4 lymphocyte count; cd4 t lymphocyte count
reticulocyte_count | 10*9/L | reticulocyte count; reticulocytes
haematocrit | % | hematocrit; hct
total_bilirubin | mg/dL | total bilirubin; bilirubin; serum bilirubin; serum total bilirubin; total serum bilirubin; tbil; bilirubin level; tbl; total bilirubin level; blood bilirubin
direct_bilirubin | mg/dL | direct bilirubin; conjugated bilirubin
indirect_bilirubin | mg/dL | indirect bilirubin; unconjugated bilirubin
aspartate_aminotransferase | U/L | aspartate aminotransferase; ast; sgot; aspartate transaminase; ast sgot; serum glutamic oxaloacetic transaminase; glutamic oxaloacetic transaminase; aspartate amino transferase; got
alanine_aminotransferase | U/L | alanine aminotransferase; alt; sgpt; alanine transaminase; alt sgpt; serum glutamic pyruvic transaminase; glutamic pyruvic transaminase; alanine amino transferase; gpt; serum alt
transaminases | U/L | transaminases; serum transaminases; aminotransferases; liver transaminases; hepatic transaminases; transaminase; aminotransferase; liver enzymes; hepatic enzymes; liver function tests; lft; liver function test; transaminase level
alkaline_phosphatase | U/L | alkaline phosphatase; alp; alk phos; serum alkaline phosphatase
gamma_glutamyl_transferase | U/L | gamma glutamyl transferase; ggt; gamma gt; gamma glutamyltransferase
lactate_dehydrogenase | U/L | lactate dehydrogenase; ldh; lactic dehydrogenase
serum_creatinine | mg/dL | serum creatinine; creatinine; creatinine level; serum creatinine level; scr; plasma creatinine; serum creatinine concentration; blood creatinine; cr
creatinine_clearance | mL/min | creatinine clearance; crcl; clcr; ccr; ccl; calculated creatinine clearance; estimated creatinine clearance; measured creatinine clearance; cl cr; calculated clearance; creatinine clearance rate
glomerular_filtration_rate | mL/min/1.73m2 | glomerular filtration rate; egfr rate; gfr; estimated glomerular filtration rate; estimated gfr; calculated glomerular filtration rate; estimated glomerular filtration
urea | mg/dL | blood urea nitrogen; bun; urea; serum urea; urea nitrogen
international_normalised_ratio | 1 | international normalized ratio; inr
prothrombin_time | second | prothrombin time; pt; prothrombin time pt
partial_thromboplastin_time | second | activated partial thromboplastin time; aptt; partial thromboplastin time; ptt; activated partial thromboplastin
fibrinogen | mg/dL | fibrinogen
d_dimer | mg/L | d dimer
albumin | g/dL | albumin; serum albumin; albumin level; alb
total_protein | g/dL | total protein; serum protein
serum_sodium | mmol/L | serum sodium; sodium; sodium level
serum_potassium | mmol/L | serum potassium; potassium; potassium level
serum_calcium | mg/dL | serum calcium; calcium; corrected serum calcium; corrected calcium; albumin corrected calcium; calcium level; total calcium; corrected serum calcium level
ionised_calcium | mmol/L | ionized calcium
serum_magnesium | mg/dL | serum magnesium; magnesium; magnesium level
serum_phosphate | mg/dL | serum phosphate; phosphorus; serum phosphorus; phosphate
uric_acid | mg/dL | uric acid; serum uric acid
lipase | U/L | lipase; serum lipase
amylase | U/L | amylase; serum amylase
creatine_kinase | U/L | creatine kinase; cpk; ck; creatine phosphokinase
troponin | ng/mL | troponin; troponin i; troponin t; cardiac troponin; troponin level
natriuretic_peptide | pg/mL | bnp; brain natriuretic peptide; b type natriuretic peptide
nt_probnp | pg/mL | nt probnp; nt pro bnp; nt probnp level
c_reactive_protein | mg/L | c reactive protein; crp; hs crp
erythrocyte_sedimentation_rate |  | erythrocyte sedimentation rate; esr
ferritin | ng/mL | ferritin; serum ferritin
transferrin_saturation | % | transferrin saturation; tsat
vitamin_d | ng/mL | 25 hydroxyvitamin d; vitamin d level; serum 25 oh d
fasting_glucose | mg/dL | fasting glucose; fasting plasma glucose; fasting blood glucose; fpg; fasting blood sugar; fasting serum glucose; fasting blood glucose level
glucose | mg/dL | glucose; blood glucose; plasma glucose; serum glucose; blood sugar; glucose level; random glucose; blood glucose level
hba1c | % | hba1c; hemoglobin a1c; glycated hemoglobin; glycosylated hemoglobin; a1c; hba1c level; glycosylated hemoglobin hba1c; hgba1c; glycohemoglobin; hb a1c
c_peptide | ng/mL | c peptide; fasting c peptide
insulin_dose |  | total daily insulin dose; daily insulin dose
total_cholesterol | mg/dL | total cholesterol; serum cholesterol; cholesterol
ldl_cholesterol | mg/dL | ldl; ldl cholesterol; ldl c; low density lipoprotein; low density lipoprotein cholesterol
hdl_cholesterol | mg/dL | hdl; hdl cholesterol; hdl c; high density lipoprotein
triglycerides | mg/dL | triglycerides; serum triglycerides; fasting triglycerides; triglyceride level; triglyceride
thyroid_stimulating_hormone | mIU/L | thyroid stimulating hormone; tsh; thyrotropin
free_thyroxine | ng/dL | free t4; ft4; free thyroxine; t4
testosterone | ng/dL | testosterone; serum testosterone; testosterone level; total testosterone; castrate level of serum testosterone; serum testosterone level
follicle_stimulating_hormone | IU/L | follicle stimulating hormone; fsh; fsh level
luteinising_hormone | IU/L | luteinizing hormone; lh
estradiol | pg/mL | estradiol; estradiol level; serum estradiol; e2
prolactin | ng/mL | prolactin; serum prolactin
cortisol | ug/dL | cortisol; serum cortisol; morning cortisol
prostate_specific_antigen | ng/mL | prostate specific antigen; psa; serum psa; psa level; prostate specific antigen level
alpha_fetoprotein | ng/mL | alpha fetoprotein; afp; serum afp
ca_125 | U/mL | ca 125; ca125
cea | ng/mL | carcinoembryonic antigen; cea
beta_hcg | IU/L | beta hcg; b hcg; hcg; human chorionic gonadotropin; serum hcg
proteinuria_24h | g/d | 24 hour urine protein; urine protein; urinary protein; 24 h urine protein; 24 hour proteinuria; 24 hour protein; urinary protein excretion; proteinuria
urine_protein_creatinine_ratio | mg/g | urine protein to creatinine ratio; urine protein creatinine ratio; upc; upcr; urine protein creatinine; upc ratio; urinary protein creatinine ratio
urine_albumin_creatinine_ratio | mg/g | urine albumin to creatinine ratio; uacr; albumin creatinine ratio; albumin to creatinine ratio
serum_copper | ug/dL | serum copper; copper
non_ceruloplasmin_bound_copper | ug/dL | non ceruloplasmin bound copper; ncc; free copper
ceruloplasmin | mg/dL | ceruloplasmin; serum ceruloplasmin
urinary_copper | ug/d | 24 hour urinary copper; urinary copper; urinary copper excretion; 24 hour urine copper; 24 hour urinary copper excretion; urine copper
left_ventricular_ejection_fraction | % | left ventricular ejection fraction; lvef; ejection fraction; ef; cardiac ejection fraction; lv ejection fraction; left ventricle ejection fraction
fractional_shortening | % | fractional shortening; shortening fraction
qtc_interval | ms | qtc; qtcf; qtc interval; qtcb; corrected qt interval; qt interval; qtcf interval; corrected qt; qt interval corrected; qt; fridericia corrected qt interval; mean qtcf; mean qtc; heart rate corrected qt interval; qt corrected; qtc f; qt c; mean resting corrected qt interval; mean resting qtcf; qt interval corrected for heart rate; average qtcf; qtcf value; resting qtcf; resting qtc
pr_interval | ms | pr interval
qrs_duration | ms | qrs; qrs duration; qrs interval
heart_rate | /min | heart rate; pulse rate; pulse; hr; resting heart rate; resting pulse; pulse frequency
systolic_blood_pressure | mm[Hg] | systolic blood pressure; sbp; systolic bp; systolic pressure; systolic; systolic arterial pressure; sitting systolic blood pressure; systolic arterial blood pressure
diastolic_blood_pressure | mm[Hg] | diastolic blood pressure; dbp; diastolic bp; diastolic pressure; diastolic; sitting diastolic blood pressure; diastolic arterial blood pressure
blood_pressure | mm[Hg] | blood pressure; bp; arterial blood pressure; arterial pressure
mean_arterial_pressure | mm[Hg] | mean arterial pressure; map
pulmonary_arterial_pressure | mm[Hg] | mean pulmonary arterial pressure; pulmonary arterial pressure; mpap; pulmonary artery pressure
intraocular_pressure | mm[Hg] | intraocular pressure; iop
oxygen_saturation | % | oxygen saturation; spo2; sao2; o2 saturation; pulse oximetry; arterial oxygen saturation; peripheral oxygen saturation; o2 sat; oxygen saturation level
arterial_oxygen | mm[Hg] | pao2; po2; arterial oxygen partial pressure
arterial_carbon_dioxide | mm[Hg] | paco2; pco2
respiratory_rate | /min | respiratory rate; respiration rate; rr
body_temperature | Cel | body temperature; temperature; oral temperature; axillary temperature; core temperature
fev1 | % | fev1; forced expiratory volume in 1 second; forced expiratory volume in one second; fev1 predicted; post bronchodilator fev1; forced expiratory volume
fev1_fvc_ratio | 1 | fev1 fvc; fev1 fvc ratio; fev1 vc
forced_vital_capacity | % | forced vital capacity; fvc
dlco | % | dlco; diffusing capacity; tlco; diffusion capacity
body_mass_index | kg/m2 | body mass index; bmi; body mass index bmi
body_weight | kg | body weight; weight; weighing; weigh; bodyweight; total body weight; birth weight
body_height | cm | height; body height
body_surface_area |  | body surface area; bsa
waist_circumference | cm | waist circumference
life_expectancy | month | life expectancy; expected survival; estimated life expectancy; predicted life expectancy; anticipated life expectancy; expected lifetime; projected life expectancy; predicted survival; estimated survival; survival expectancy; expected survival time; anticipated survival; expected lifespan; predicted life span; expected life expectancy; expected survival period
gestational_age | week | gestational age; gestation; weeks gestation; weeks of gestation; ga
menstrual_cycle_length | day | menstrual cycle length; cycle length
tumour_size | mm | tumor size; lesion size; tumor diameter; tumor thickness; longest diameter
ki_67 | % | ki 67; ki67; ki 67 index; ki67 index; mib 1
bone_marrow_blasts | % | bone marrow blasts; marrow blasts; blast count; peripheral blasts; blasts; bone marrow blast
m_protein | g/dL | serum m protein; m protein; monoclonal protein; serum monoclonal protein
free_light_chain | mg/L | serum free light chain; involved free light chain; free light chain
left_atrial_diameter | mm | left atrial diameter; left atrium diameter
lactate | mmol/L | lactate; serum lactate; blood lactate; lactic acid
ammonia | umol/L | ammonia; serum ammonia
ph | 1 | arterial ph; blood ph
bone_mineral_density_t_score | 1 | t score; bone mineral density t score; bmd t score
prostate_volume |  | prostate volume
urine_output |  | urine output
cervical_length | mm | cervical length; cervix length
plasma_concentration |  | plasma concentration
thrombin_time | second | thrombin time
antithrombin | % | antithrombin iii; antithrombin
base_excess | mmol/L | base excess
bicarbonate | mmol/L | bicarbonate; serum bicarbonate
homocysteine | umol/L | homocysteine; homocysteine level
cystatin_c | mg/L | cystatin c
ankle_brachial_index | 1 | ankle brachial index; abi; ankle brachial pressure index
apnoea_hypopnoea_index |  | apnea hypopnea index; ahi
disease_duration | month | disease duration; duration of disease
spherical_equivalent |  | spherical equivalent
reference_vessel_diameter | mm | reference vessel diameter; vessel diameter; reference vessel size
antimullerian_hormone | ng/mL | anti mullerian hormone; amh
sodium_excretion |  | urinary sodium
molybdenum | ug/L | molybdenum; serum molybdenum
zinc_level | ug/dL | serum zinc
hepatitis_b_dna | IU/mL | hbv dna; hepatitis b virus dna; hepatitis b dna; hbv dna level; hbv viral load; serum hbv dna; hbv dna viral load; hepatitis b viral load; hbv dna titer; hepatitis b virus deoxyribonucleic acid
hepatitis_c_rna | IU/mL | hcv rna; hepatitis c virus rna; hepatitis c rna; hcv rna level; hcv viral load; hepatitis c viral load; hcv rna viral load; hepatitis c virus ribonucleic acid; plasma hcv rna
hiv_rna | copies/mL | hiv rna; hiv viral load; hiv 1 rna; plasma hiv rna; hiv 1 rna level; plasma hiv 1 rna
viral_load | copies/mL | viral load
"""
"""Quantities. The standard unit only says what is usual: the unit that a text gives counts."""

SCALES = """
ecog_performance_status | ecog performance status; ecog ps; ecog; eastern cooperative oncology group performance status; eastern cooperative oncology group; eastern cooperative oncology group ecog performance status; ecog performance score; ecog score; performance status ecog; performance status eastern cooperative oncology group; zubrod performance status; zubrod; who performance status; who ps; performance status who; ecog performance; ecog who performance status; ecog physical status; ecog physical performance status; who ecog performance status; world health organization performance status; ecog scale; eastern cooperative oncology group performance score; eastern cooperative oncology group score; ecog performance scale; ecog zubrod performance status; ecog performance status score; ecog ps score; eastern cooperative oncology group ps; gog performance status; eastern collaborative oncology group performance status; eastern cooperative oncology group scale
karnofsky_performance_status | karnofsky performance status; karnofsky; kps; karnofsky performance score; karnofsky score; karnofsky performance scale; karnofsky index; performance status karnofsky; karnofsky performance status score; karnofsky performance; karnofsky ps; karnofsky performance index; karnofsky performance scale index
lansky_performance_status | lansky performance status; lansky; lansky play score; lansky performance score; lansky play performance score; lansky play performance scale; lansky score; lansky performance
performance_status | performance status; performance score
nyha_class | new york heart association class; nyha class; nyha; new york heart association; new york heart association functional class; nyha functional class; new york heart association classification; nyha classification; new york heart association functional classification; nyha functional classification; nyha grade; new york heart association nyha class; nyha cardiac function; new york heart association classification class
asa_class | american society of anesthesiologists physical status; asa class; asa physical status; asa; american society of anesthesiologists; asa score; asa status; asa classification; asa grade; american society of anesthesiologists class; american society of anesthesiologists classification; american society of anesthesiologist; asa physical status classification
child_pugh_class | child pugh class; child pugh score; child pugh; child pugh classification; child class; child turcotte pugh; child pugh grade; child pugh liver function; cp class; child turcotte pugh score; child pugh liver function class
meld_score | meld; meld score; model for end stage liver disease; model for end stage liver disease score
mmse_score | mmse; mini mental state examination; mini mental state exam; mmse score; mini mental status examination; mini mental status exam; mini mental state examination score; mini mental
moca_score | moca; montreal cognitive assessment; moca score
adas_cog_score | adas cog; adas cog score; alzheimer's disease assessment scale cognitive
cdr_score | cdr; clinical dementia rating; cdr global score; clinical dementia rating scale
hachinski_score | hachinski ischemic score; hachinski; modified hachinski; hachinski ischemic scale; modified hachinski ischemic score
gds_score | geriatric depression scale; gds
ham_d_score | ham d; hamd; hamilton depression rating scale; hdrs; hamilton rating scale for depression; hamd 17; hdrs 17
madrs_score | madrs; montgomery asberg depression rating scale; madrs total score
phq9_score | phq 9; phq9; patient health questionnaire 9
bprs_score | bprs; brief psychiatric rating scale
panss_score | panss; positive and negative syndrome scale; panss total score
ymrs_score | ymrs; young mania rating scale
ybocs_score | y bocs; ybocs; yale brown obsessive compulsive scale
cgi_severity | cgi s; clinical global impression severity; cgi severity; clinical global impression
audit_score | audit; alcohol use disorders identification test
ciwa_score | ciwa; ciwa ar
fagerstrom_score | ftnd; fagerstrom test for nicotine dependence
glasgow_coma_scale | glasgow coma scale; gcs; gcs score; glasgow coma score; glasgow coma scale score
nih_stroke_scale | nihss; nih stroke scale; national institutes of health stroke scale; nihss score
modified_rankin_scale | modified rankin scale; mrs score; modified rankin score; mrs; rankin score
edss_score | edss; expanded disability status scale; edss score
updrs_score | updrs; unified parkinson's disease rating scale
hoehn_yahr_stage | hoehn and yahr stage; hoehn yahr; hoehn and yahr
unified_wilson_disease_rating_scale | unified wilson disease rating scale; uwdrs
leipzig_score | leipzig score; leipzig criteria score; leipzig
modified_nazer_score | modified nazer score; nazer score; nazer
pain_score | vas; visual analogue scale; visual analog scale; vas score; numeric rating scale; nrs; vas pain score; pain score; nrs score; numerical rating scale
das28_score | das28; das 28; disease activity score
cdai_score | cdai; crohn's disease activity index
mayo_score | mayo score
pasi_score | pasi; psoriasis area and severity index; pasi score
easi_score | easi; eczema area and severity index
act_score | asthma control test; act score
epworth_score | epworth sleepiness scale; ess; epworth
iq | iq; intelligence quotient; estimated iq; full scale iq
apgar_score | apgar; apgar score
gold_stage | gold stage; gold; gold grade
mrc_dyspnoea | mmrc; mrc dyspnea; mmrc dyspnea scale
visual_acuity | visual acuity; best corrected visual acuity; bcva; corrected visual acuity
apache_ii_score | apache ii; apache ii score; apache
sofa_score | sofa; sofa score
chads2_score | chads2; cha2ds2 vasc; cha2ds2 vasc score; chads2 score
gleason_score | gleason score; gleason; gleason sum
ipss_score | ipss; international prostate symptom score; ipss r
bi_rads_category | bi rads; birads
gold_clarke_score | gold clarke score; clarke score; clarke hypoglycemia awareness score; hypoglycemia unawareness score
nugent_score | nugent score
killip_class | killip class; killip
kellgren_lawrence_grade | kellgren lawrence; kellgren lawrence score; kellgren lawrence grade
metavir_score | metavir; metavir score; fibroscan score
ishak_score | ishak score; ishak
ranson_score | ranson score
iief_score | iief; international index of erectile function
beck_depression_inventory | bdi; beck depression inventory; bdi ii
ham_a_score | ham a; hamilton anxiety rating scale; hama
insomnia_severity_index | insomnia severity index; isi
canadian_cardiovascular_society_class | canadian cardiovascular society; ccs class; canadian cardiovascular society class
asia_grade | asia impairment scale
npi_score | npi; neuropsychiatric inventory; npi x
dad_score | disability assessment for dementia
cornell_depression_score | cornell scale for depression in dementia
rutherford_category | rutherford category; rutherford class
harvey_bradshaw_index | harvey bradshaw index; hbi
oswestry_disability_index | oswestry disability index
womac_score | womac; womac score
charlson_index | charlson comorbidity index
g8_score | g8 score; g8
columbia_suicide_scale | c ssrs; columbia suicide severity rating scale
toxicity_grade | ctcae grade; nci ctcae grade; toxicity grade
ecog_grade | ecog grade
"""

STAGES = """
disease_stage | stage; clinical stage; ajcc stage; figo stage; disease stage; tumor stage; pathologic stage; tnm stage; pathological stage; ann arbor stage; international staging system stage
severity_grade | grade; histologic grade; tumor grade; who grade; histological grade
"""

BIOMARKERS = """
her2 | her2; her2 neu; erbb2; human epidermal growth factor receptor 2; her2 status; c erbb2
estrogen_receptor | estrogen receptor; er; estrogen receptor status; er status
progesterone_receptor | progesterone receptor; pr; pgr; progesterone receptor status
hormone_receptor | hormone receptor; hr; hormone receptors; hormone receptor status
egfr_mutation | egfr mutation; epidermal growth factor receptor mutation; egfr mutations; egfr sensitizing mutation; egfr activating mutation; activating egfr mutation; sensitizing egfr mutation; egfr gene mutation; epidermal growth factor receptor egfr mutation; egfr mutant
egfr | egfr; epidermal growth factor receptor
alk_rearrangement | alk rearrangement; alk translocation; alk fusion; alk; anaplastic lymphoma kinase; alk gene rearrangement; alk rearrangements
ros1_rearrangement | ros1 rearrangement; ros1; ros1 fusion; ros 1; ros1 translocation
ret_fusion | ret fusion; ret rearrangement; ret
ntrk_fusion | ntrk fusion; ntrk; ntrk gene fusion
met_alteration | met exon 14 skipping; met amplification; met exon 14 skipping mutation; met
kras_mutation | kras mutation; kras; kras g12c mutation; kras g12c; ras mutation; ras; nras; kras p g12c mutation
braf_mutation | braf mutation; braf; braf v600e mutation; braf v600 mutation; braf v600e; braf v600
brca_mutation | brca mutation; brca; brca1; brca2; brca1 2 mutation; germline brca mutation; gbrca; brca1 2; brca 1 2
pd_l1_expression | pd l1; pd l1 expression; programmed death ligand 1; pdl1; pd l1 status; pd l1 tps; pd l1 tumor proportion score; tumor proportion score; combined positive score; pd l1 combined positive score; cps; tps; pd l1 cps; pd l1 tumor expression
microsatellite_instability | microsatellite instability high; msi h; msi high; microsatellite instability; msi; dmmr; mismatch repair deficient; mismatch repair deficiency; deficient mismatch repair
idh_mutation | idh1 mutation; idh1; idh2 mutation; idh2; idh mutation
flt3_mutation | flt3 mutation; flt3; flt3 itd; flt3 itd mutation
bcr_abl | bcr abl; philadelphia chromosome; bcr abl1; t315i mutation; ph
fgfr_alteration | fgfr alteration; fgfr2 fusion; fgfr3; fgfr; fgfr2; fgfr mutation
pik3ca_mutation | pik3ca mutation; pik3ca
cd20 | cd20; cd20 expression
cd19 | cd19; cd19 expression
cd30 | cd30; cd30 expression
psma | psma; prostate specific membrane antigen
claudin_18_2 | claudin 18 2; cldn18 2; claudin18 2
hepatitis_b_surface_antigen | hepatitis b surface antigen; hbsag; hbs ag; hepatitis b surface antigen hbsag; hbv surface antigen; hepatitis b antigen
hepatitis_b_e_antigen | hbeag; hepatitis b e antigen
hepatitis_b_core_antibody | hepatitis b core antibody; anti hbc; hbcab; hbc antibody; anti hbc antibody; hepatitis b core antibodies; total hepatitis b core antibody
hepatitis_b_surface_antibody | hepatitis b surface antibody; anti hbs; hbsab
hepatitis_c_antibody | hepatitis c antibody; hcv antibody; anti hcv; hcv ab; hepatitis c virus antibody; anti hcv antibody; hcv antibodies; hepatitis c virus antibodies; hepatitis c antibodies
hiv_antibody | hiv antibody; hiv antibodies; hiv test; anti hiv; hiv serology; hiv 1 2 antibody; human immunodeficiency virus antibody; hiv 1 2 antibodies; hiv ab
pregnancy_test | pregnancy test; serum pregnancy test; urine pregnancy test; urine or serum pregnancy test; serum or urine pregnancy test; blood pregnancy test; beta hcg pregnancy test; hcg pregnancy test; serum beta hcg pregnancy test; highly sensitive pregnancy test; serum or highly sensitive urine pregnancy test; pregnancy test result; test for pregnancy; urine hcg pregnancy test; highly sensitive serum pregnancy test; serum hcg test; serum hcg pregnancy test; urine serum pregnancy test; serum beta human chorionic gonadotropin pregnancy test
drug_screen | drug screen; urine drug screen; urine drug test; drugs of abuse screen; toxicology screen; urine toxicology screen; drug test
alcohol_test | alcohol screen; alcohol breath test; alcohol test; breath alcohol test
tuberculosis_test | tuberculin skin test; quantiferon; ppd; interferon gamma release assay; tuberculosis test; tb test
covid_test | sars cov 2 test; covid 19 test; sars cov 2 pcr; sars cov 2 pcr test
rheumatoid_factor | rheumatoid factor
antinuclear_antibody | antinuclear antibody; ana
h_pylori_test | urea breath test; helicobacter pylori test
anti_ccp | anti ccp; acpa
gad_antibody | gad antibody; anti gad
rh_factor | rh; rh factor
blood_culture | blood culture; sputum culture; urine culture; throat culture
vaginal_swab | vaginal swab; group b streptococcus culture
urinalysis | urinalysis; urine analysis; urine dipstick
electrocardiogram_result | ecg; electrocardiogram; 12 lead ecg; ekg; 12 lead electrocardiogram; electrocardiography
laboratory_result | laboratory; laboratory values; laboratory tests; laboratory parameters; laboratory value; laboratory test; laboratory findings; clinical laboratory tests; laboratory results; lab values; lab tests; blood tests; blood test; laboratory test results; laboratory abnormalities; laboratory abnormality; lab test
vital_signs_result | vital signs
physical_examination_result | physical examination findings
genotype | genotype; hcv genotype
"""

FUNCTIONS = """
organ_function | organ function; major organ function; organ functions; organ and marrow function; organ and bone marrow function; end organ function
bone_marrow_function | bone marrow function; marrow function; hematologic function; hematological function; hematopoietic function; bone marrow reserve; hematopoiesis; bone marrow hematopoietic function
renal_function | renal function; kidney function
hepatic_function | hepatic function; liver function
cardiac_function | cardiac function; heart function; left ventricular function; ventricular function
pulmonary_function | pulmonary function; lung function; respiratory function
coagulation_function | coagulation function; blood coagulation; blood clotting function; coagulation parameters; coagulation
thyroid_function | thyroid function
immune_function | immune function
"""
